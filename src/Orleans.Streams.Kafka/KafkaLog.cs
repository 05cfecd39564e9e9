using Microsoft.Extensions.Logging;

namespace Orleans.Streams.Kafka;

/// <summary>What this library says; event ids 1000 to 1999.</summary>
internal static partial class KafkaLog
{
    [LoggerMessage(1000, LogLevel.Information, "Reading {Topic}/{Partition} from offset {Offset} ({Reason}); incarnation {Incarnation}, epoch {Epoch}")]
    public static partial void Reading(ILogger logger, string topic, int partition, long offset, string reason, string incarnation, long epoch);

    [LoggerMessage(1001, LogLevel.Information, "Gave up {Topic}/{Partition} at offset {Offset}")]
    public static partial void GaveUp(ILogger logger, string topic, int partition, long offset);

    [LoggerMessage(1002, LogLevel.Warning, "{Topic}/{Partition} cannot be read now and is tried again: {Reason}")]
    public static partial void SessionFailed(ILogger logger, Exception? exception, string topic, int partition, string reason);

    [LoggerMessage(1003, LogLevel.Warning, "{Topic}/{Partition} was taken over by another owner (our epoch is {Epoch}): this one stops, and asks again later if it is still responsible")]
    public static partial void Fenced(ILogger logger, string topic, int partition, long epoch);

    [LoggerMessage(1004, LogLevel.Critical, "GAP in {Topic}/{Partition}: {Gap}. Reading has STOPPED. {Advice}")]
    public static partial void GapStopped(ILogger logger, string topic, int partition, string gap, string advice);

    [LoggerMessage(1005, LogLevel.Critical, "GAP in {Topic}/{Partition}: {Gap}. Going on at offset {Offset} (OnGap is SkipToEarliest)")]
    public static partial void GapSkipped(ILogger logger, string topic, int partition, string gap, long offset);

    [LoggerMessage(1006, LogLevel.Warning, "The checkpoint of {Topic}/{Partition} cannot be saved now; records go on, and would be read again after a crash")]
    public static partial void CheckpointFailed(ILogger logger, Exception exception, string topic, int partition);

    [LoggerMessage(1007, LogLevel.Information, "The checkpoint of {Topic}/{Partition} is saved again, at offset {Offset}")]
    public static partial void CheckpointRecovered(ILogger logger, string topic, int partition, long offset);

    [LoggerMessage(1010, LogLevel.Warning, "A delivery to {Stream} failed (in a row: {Failures}); its records, from {Topic}/{Partition} offset {Offset} on, are presented again. Of this partition, {Unsaid} failed that nothing was said of")]
    public static partial void DeliveryFailed(ILogger logger, StreamId stream, string topic, int partition, long offset, int failures, int unsaid);

    [LoggerMessage(1011, LogLevel.Warning, "No grain subscribes to '{Stream}': records of {Topic}/{Partition} are passed over (said once; they are counted)")]
    public static partial void NoSubscriber(ILogger logger, string stream, string topic, int partition);

    [LoggerMessage(1012, LogLevel.Warning, "The record at {Topic}/{Partition} offset {Offset} has no stream ({Reason}), and its handler failed; it is tried again")]
    public static partial void UnroutableFailed(ILogger logger, Exception exception, string topic, int partition, long offset, KafkaUnroutableReason reason);

    [LoggerMessage(1013, LogLevel.Warning, "A subscriber of {Stream} could not be reached when its stream was registered")]
    public static partial void SubscriptionFailed(ILogger logger, StreamId stream);

    [LoggerMessage(1020, LogLevel.Warning, "The consumer of '{Topic}' has lost all its brokers and waits for them (said at most once a minute): {Reason}")]
    public static partial void BrokersDown(ILogger logger, string topic, string reason);

    [LoggerMessage(1021, LogLevel.Error, "The consumer of '{Topic}' failed: {Reason}")]
    public static partial void ConsumerError(ILogger logger, Exception exception, string topic, string reason);

    [LoggerMessage(1022, LogLevel.Critical, "The consumer of '{Topic}' failed for good, and must be restarted with its silo: {Reason}")]
    public static partial void ConsumerFatal(ILogger logger, string topic, string reason);

    [LoggerMessage(1023, LogLevel.Debug, "The consumer of '{Topic}' has trouble, which it is getting over: {Reason}")]
    public static partial void ConsumerTrouble(ILogger logger, string topic, string reason);

    [LoggerMessage(1024, LogLevel.Debug, "{Client}: {Line}")]
    public static partial void Librdkafka(ILogger logger, string client, string line);

    [LoggerMessage(1025, LogLevel.Warning, "The group '{Group}' cannot be told where the checkpoints stand, so tools that show its lag are wrong; reading goes on (said once): {Reason}")]
    public static partial void NotMirrored(ILogger logger, string group, string reason);

    [LoggerMessage(1026, LogLevel.Error, "The producer of provider '{Provider}' failed for good, and a new one takes its place; what it had not sent yet fails for who published it. {Reason}")]
    public static partial void ProducerFatal(ILogger logger, string provider, string reason);

    [LoggerMessage(1027, LogLevel.Debug, "The producer of provider '{Provider}' has trouble, which it is getting over: {Reason}")]
    public static partial void ProducerTrouble(ILogger logger, string provider, string reason);

    [LoggerMessage(1030, LogLevel.Warning, "Provider '{Provider}' cannot ask its brokers about its topics; it asks again every {Interval} (said once): {Reason}")]
    public static partial void TopicsUnknown(ILogger logger, string provider, TimeSpan interval, string reason);

    [LoggerMessage(1031, LogLevel.Information, "Topic '{Topic}' has {Partitions} partitions; incarnation {Incarnation}")]
    public static partial void TopicFound(ILogger logger, string topic, int partitions, string incarnation);

    [LoggerMessage(1032, LogLevel.Information, "Topic '{Topic}' was created with {Partitions} partitions")]
    public static partial void TopicCreated(ILogger logger, string topic, int partitions);

    [LoggerMessage(1033, LogLevel.Error, "Topic '{Topic}' cannot be read: {Reason}")]
    public static partial void TopicError(ILogger logger, string topic, string reason);

    [LoggerMessage(1040, LogLevel.Information, "Provider '{Provider}': this silo reads {Mine} of {All} partitions, among {Silos} silos")]
    public static partial void Balanced(ILogger logger, string provider, int mine, int all, int silos);

    [LoggerMessage(1041, LogLevel.Error, "Provider '{Provider}': the change of partitions could not be carried out; it is tried again with the next change")]
    public static partial void BalanceFailed(ILogger logger, Exception exception, string provider);
}
