namespace Orleans.Streams.Kafka;

/// <summary>
/// Says where a stream by partition goes on: at its subscriber's own checkpoint. Asked when the partition is taken over, and again after a
/// delivery has failed, so a subscriber that finds itself at another position than <see cref="KafkaChunk.StartOffset"/> only has to throw.
/// </summary>
public interface IKafkaPartitionStart
{
    /// <summary>The next offset to read, or null when there is no checkpoint: the option <c>Start</c> decides then.</summary>
    /// <exception cref="Exception">The checkpoint could not be read; the receiver waits and tries again.</exception>
    ValueTask<KafkaPartitionPosition> GetAsync(string provider, string topic, string incarnation, int partition, CancellationToken cancellationToken);
}

/// <summary>A subscriber's position in a partition.</summary>
/// <param name="NextOffset">The next offset to read, or null when this incarnation of the topic has no checkpoint yet.</param>
/// <param name="FormerIncarnation">The incarnation of the newest checkpoint when it is another one: the topic was created again. Null otherwise.</param>
public readonly record struct KafkaPartitionPosition(long? NextOffset, string? FormerIncarnation = null);
