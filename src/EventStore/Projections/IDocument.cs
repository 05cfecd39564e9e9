namespace EventStore.Projections;

/// <summary>A document that events are folded into: an immutable record with an initial value.</summary>
/// <typeparam name="TSelf">The record itself.</typeparam>
public interface IDocument<TSelf>
    where TSelf : class, IDocument<TSelf>
{
    /// <summary>The document of a key that no event has touched.</summary>
    static abstract TSelf Initial { get; }
}

/// <summary>
/// Where an event stands. There is no clock in it: what a fold needs of time, the event must say, or a replay would not give what live gave.
/// </summary>
/// <param name="StreamKey">The stream, for example <c>user/42</c>.</param>
/// <param name="Version">The event's place in the stream, from 1.</param>
/// <param name="Sequence">
/// The event's global sequence number. Replayed from another source than the store it is that source's own count, so a fold that uses it is
/// not <see cref="ProjectionDefinition.OrderIndependent"/>.
/// </param>
public readonly record struct EventMetadata(string StreamKey, long Version, long Sequence)
{
    /// <summary>The stream's key without the aggregate's name: <c>42</c> for <c>user/42</c>.</summary>
    public string Key => StreamKey[(StreamKey.IndexOf('/', StringComparison.Ordinal) + 1)..];
}
