namespace Orleans.Streams.Kafka;

/// <summary>What a silo's subscribers may ask of its Kafka stream providers. A singleton in every silo.</summary>
public interface IKafkaStreamsControl
{
    /// <summary>
    /// Has a stream by partition read again from where <see cref="IKafkaPartitionStart"/> says, although nothing failed: its subscriber wants
    /// records that it let pass before.
    /// </summary>
    /// <param name="provider">The stream provider's name.</param>
    /// <param name="stream">The stream's logical name.</param>
    /// <param name="partition">The partition.</param>
    /// <returns>False when this silo does not read the partition by partition now: whoever takes it over asks for the position anyway.</returns>
    bool Reread(string provider, string stream, int partition);

    /// <summary>Asks the broker how far a partition's log goes now; what <see cref="IKafkaStreamsStatus"/> knows may be older.</summary>
    /// <param name="provider">The stream provider's name.</param>
    /// <param name="stream">The stream's logical name.</param>
    /// <param name="partition">The partition.</param>
    /// <returns>The offset after the last record, or null: the broker did not say in time, or this silo does not read the partition now.</returns>
    Task<long?> LogEndAsync(string provider, string stream, int partition);
}
