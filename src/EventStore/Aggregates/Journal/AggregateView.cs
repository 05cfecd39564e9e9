using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Orleans.Serialization.Cloning;

namespace EventStore.Aggregates.Journal;

/// <summary>
/// What a grain holds of its stream: the immutable state, and how far it goes. Orleans' journal wants a mutable view with a
/// constructor of its own; this keeps that want away from the aggregates.
/// </summary>
/// <typeparam name="TState">The aggregate's state.</typeparam>
public sealed class AggregateView<TState>
    where TState : class
{
    /// <summary>The state, or null before the first load.</summary>
    public TState? State { get; internal set; }

    /// <summary>The stream's version that <see cref="State"/> includes.</summary>
    public long Version { get; internal set; }

    /// <summary>How far the stream has read each partition.</summary>
    public ImmutableArray<RecordCoordinates> Positions { get; internal set; } = [];

    /// <summary>False when the store may hold more than this: before the first load, and after an append without an answer.</summary>
    internal bool IsCurrent { get; set; }

    /// <summary>The version of the newest snapshot.</summary>
    internal long SnapshotVersion { get; set; }

    internal AggregateView<TState> Copy() => (AggregateView<TState>)MemberwiseClone();
}

/// <summary>
/// A shallow copy: everything in a view is immutable. Orleans copies views to make tentative ones, and must not look for a
/// serializer of the aggregate's state, which has none.
/// </summary>
[RegisterCopier]
internal sealed class AggregateViewCopier<TState> : IDeepCopier<AggregateView<TState>>
    where TState : class
{
    [return: NotNullIfNotNull(nameof(input))]
    public AggregateView<TState>? DeepCopy(AggregateView<TState>? input, CopyContext context) => input?.Copy();
}
