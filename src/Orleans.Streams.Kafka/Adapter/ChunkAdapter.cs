using System.Collections.Concurrent;
using Confluent.Kafka;
using Orleans.Streams.Kafka.Cache;
using Orleans.Streams.Kafka.Receiving;

namespace Orleans.Streams.Kafka.Adapter;

/// <summary>Streams by partition: one stream per partition, chunk by chunk.</summary>
internal sealed class ChunkAdapter(ProviderParts parts, KafkaPartitionStreamsOptions options) : ReadingAdapter<KafkaChunk, int>(parts, options)
{
    private readonly ConcurrentDictionary<string, ChunkScratch> _scratch = new(StringComparer.Ordinal);

    public override StreamProviderDirection Direction => StreamProviderDirection.ReadOnly;

    protected override string Fields => "timestamp";

    // What was delivered isn't durable before the subscriber has checkpointed it, so after a failure only the subscriber knows where to go on.
    protected override bool RereadsAfterFailure => true;

    protected override CacheLimits Limits { get; } = new()
    {
        Items = options.MaxOutstandingChunks,
        Bytes = options.MaxOutstandingBytes,
        Span = int.MaxValue,
        Deliveries = int.MaxValue,
        Registrations = int.MaxValue,
        BatchItems = 1,
        BatchBytes = long.MaxValue,
        RedeliveryMin = options.RedeliveryBackoff,
        RedeliveryMax = options.MaxRedeliveryBackoff,
        AgentForgets = options.StreamInactivityPeriod * 1.25,
    };

    protected override PartitionIntake<KafkaChunk, int> CreateIntake(string stream, string topic, int partition) =>
        new ChunkIntake(stream, topic, partition, Scratch(topic), options);

    protected override IDeserializer<int> CreateDeserializer(string stream, string topic) => Scratch(topic);

    private ChunkScratch Scratch(string topic) => _scratch.GetOrAdd(topic, _ => new());
}
