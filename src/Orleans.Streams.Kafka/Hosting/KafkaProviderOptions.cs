namespace Orleans.Streams.Kafka;

/// <summary>What both shapes of stream have in common.</summary>
public abstract class KafkaProviderOptions
{
    /// <summary>The brokers, <c>host:port</c> separated by commas. Required.</summary>
    public string BootstrapServers { get; set; } = "";

    /// <summary>The streams by their logical name, which is the stream's namespace. At least one; see <see cref="AddStream"/>.</summary>
    public IDictionary<string, KafkaTopicOptions> Streams { get; } = new Dictionary<string, KafkaTopicOptions>(StringComparer.Ordinal);

    /// <summary>
    /// The consumer group to which checkpoints are mirrored, so that ordinary lag tools work. Null mirrors nothing. The group is never joined:
    /// partitions are assigned by this provider, and its checkpoints are the truth.
    /// </summary>
    public string? ConsumerGroup { get; set; }

    /// <summary>Any librdkafka setting for every client of this provider: security, timeouts. Those that a promise rests on are refused.</summary>
    public IDictionary<string, string> Client { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Any librdkafka setting for consumers only.</summary>
    public IDictionary<string, string> Consumer { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Any librdkafka setting for producers only.</summary>
    public IDictionary<string, string> Producer { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// The topics' incarnation on a broker that has no topic ids (Kafka before 2.8, librdkafka's emulator). Null, the default, asks the broker.
    /// Choose a new value whenever such a broker's topics are created anew.
    /// </summary>
    public string? Incarnation { get; set; }

    /// <summary>Create topics that are missing. Off by default: in production a missing topic is an error that someone should see.</summary>
    public bool CreateMissingTopics { get; set; }

    /// <summary>Where to start a partition without a checkpoint. Earliest by default.</summary>
    public KafkaStart Start { get; set; }

    /// <summary>What to do about a gap. Stop by default.</summary>
    public KafkaGapPolicy OnGap { get; set; }

    /// <summary>How often, at most, a moved watermark is checkpointed. 500 ms by default.</summary>
    public TimeSpan CheckpointInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How often the topics' partitions are looked up. 10 s by default: how long a new partition may wait.</summary>
    public TimeSpan MetadataInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a partition's agent looks for records while some are on their way to grains; an idle one's is woken by what comes. 10 ms by default.</summary>
    public TimeSpan PollPeriod { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>How long a delivery is tried before it counts as failed and is presented again later. 5 s by default.</summary>
    public TimeSpan MaxDeliveryTime { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The first wait before a failed delivery is presented again; it doubles. 250 ms by default.</summary>
    public TimeSpan RedeliveryBackoff { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest such wait. 15 s by default.</summary>
    public TimeSpan MaxRedeliveryBackoff { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Bytes that wait for their acknowledgement, per partition. 64 MiB by default; the partition pauses beyond.</summary>
    public long MaxOutstandingBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>How long the pulling agent remembers a silent stream. 1 min by default: each read scans every stream remembered.</summary>
    public TimeSpan StreamInactivityPeriod { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Adds a stream.</summary>
    /// <param name="name">The logical name: the namespace of the Orleans streams.</param>
    /// <param name="topic">The topic on the broker; the name by default.</param>
    /// <param name="partitions">How many partitions to create it with, if it is created.</param>
    public KafkaProviderOptions AddStream(string name, string? topic = null, int partitions = 4)
    {
        Streams[name] = new() { Topic = topic ?? name, Partitions = partitions };
        return this;
    }
}

/// <summary>A stream's topic.</summary>
public sealed class KafkaTopicOptions
{
    /// <summary>The topic's name on the broker.</summary>
    public string Topic { get; set; } = "";

    /// <summary>The partitions to create it with. 4 by default; an existing topic keeps what it has.</summary>
    public int Partitions { get; set; } = 4;

    /// <summary>The replicas to create it with; -1, the default, is the broker's default.</summary>
    public short ReplicationFactor { get; set; } = -1;

    /// <summary>Whether it is only published to: it is looked up and created like the others, and no silo reads it. False by default.</summary>
    public bool PublishOnly { get; set; }
}

/// <summary>Options of streams by key.</summary>
public sealed class KafkaStreamsOptions : KafkaProviderOptions
{
    /// <summary>Records of a partition that wait for their acknowledgement. 20,000 by default; the partition pauses beyond.</summary>
    public int MaxOutstandingRecords { get; set; } = 20_000;

    /// <summary>
    /// Records delivered at or above the watermark, acknowledged ones included. 500,000 by default: how far one stalled key lets its
    /// partition run ahead, and how much is read again after a crash.
    /// </summary>
    public int MaxOffsetSpan { get; set; } = 500_000;

    /// <summary>
    /// Deliveries of a partition that are on their way to grains at once. 500 by default. What waits, waits in the provider, where the records of a
    /// key gather into one delivery; in the grains' queues an overload would only turn into time-outs.
    /// </summary>
    public int MaxConcurrentDeliveries { get; set; } = 500;

    /// <summary>Records of one delivery. 500 by default.</summary>
    public int MaxBatchRecords { get; set; } = 500;

    /// <summary>Bytes of one delivery. 4 MiB by default; a larger record is delivered alone.</summary>
    public long MaxBatchBytes { get; set; } = 4 * 1024 * 1024;
}

/// <summary>Options of streams by partition.</summary>
public sealed class KafkaPartitionStreamsOptions : KafkaProviderOptions
{
    /// <summary>Chunks of a partition that wait for their acknowledgement. 4 by default; the partition pauses beyond.</summary>
    public int MaxOutstandingChunks { get; set; } = 4;

    /// <summary>Records of one chunk. 5,000 by default.</summary>
    public int MaxChunkRecords { get; set; } = 5_000;

    /// <summary>Bytes of one chunk. 1 MiB by default; a larger record is a chunk of its own.</summary>
    public int MaxChunkBytes { get; set; } = 1024 * 1024;
}
