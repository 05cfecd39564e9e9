using EventStore.DeadLetters;
using Microsoft.Extensions.Logging;

namespace EventStore.Aggregates;

internal static partial class AggregateLog
{
    [LoggerMessage(2100, LogLevel.Warning, "{Record} of {StreamKey} is a dead letter ({Kind}): {Reason}")]
    public static partial void DeadLettered(ILogger logger, RecordCoordinates record, string streamKey, DeadLetterKind kind, string reason);

    [LoggerMessage(2101, LogLevel.Information, "{StreamKey} is at version {Version} in the store, not at {Expected}: another writer moved it; deciding again")]
    public static partial void Overtaken(ILogger logger, string streamKey, long version, long expected);

    [LoggerMessage(2102, LogLevel.Warning, "The store refuses an append of {Records} records to {StreamKey}: {Reason} Looking for the record that it is")]
    public static partial void Refused(ILogger logger, string streamKey, int records, string reason);

    [LoggerMessage(2103, LogLevel.Error, "{StreamKey} cannot be read: event {Version} ('{EventName}') fails to apply; its records wait")]
    public static partial void StreamUnreadable(ILogger logger, Exception exception, string streamKey, long version, string eventName);

    [LoggerMessage(2104, LogLevel.Warning, "The snapshot of {StreamKey} at version {Version} cannot be read: reading all its events instead")]
    public static partial void SnapshotUnreadable(ILogger logger, Exception exception, string streamKey, long version);

    [LoggerMessage(2105, LogLevel.Warning, "The snapshot of {StreamKey} at version {Version} could not be written; activations read more events until the next one")]
    public static partial void SnapshotFailed(ILogger logger, Exception exception, string streamKey, long version);

    [LoggerMessage(2106, LogLevel.Error, "OnCommittedAsync of {StreamKey} failed after version {Version} was stored: the events stand, and it is not called for them again")]
    public static partial void HookFailed(ILogger logger, Exception exception, string streamKey, long version);
}
