namespace EventStore.Projections.Folding;

/// <summary>A handler of a projection: which documents an event touches, and how.</summary>
internal sealed record FoldHandler(Type EventType, Func<object, EventMetadata, IReadOnlyList<Touch>> Handle);

/// <summary>One document that an event touches; null from <paramref name="Apply"/> deletes it.</summary>
internal readonly record struct Touch(string Key, Func<object, object?> Apply);
