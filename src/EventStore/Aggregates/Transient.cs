using EventStore.Appending;

namespace EventStore.Aggregates;

/// <summary>Failures that say nothing about the record at hand: it is tried again, and never becomes a dead letter for them.</summary>
internal static class Transient
{
    public static bool Is(Exception exception) =>
        exception is OutOfMemoryException or OperationCanceledException or StoreUnavailableException
        || (exception.InnerException is { } inner && Is(inner));
}
