using System.Collections.Concurrent;
using Confluent.Kafka;
using Orleans.Streams.Kafka.Cache;
using Orleans.Streams.Kafka.Receiving;

namespace Orleans.Streams.Kafka.Adapter;

/// <summary>Streams by key: one stream per record key.</summary>
internal sealed class RecordAdapter(ProviderParts parts, KafkaStreamsOptions options, IKafkaUnroutableHandler unroutable)
    : ReadingAdapter<KafkaRecord, byte[]?>(parts, options)
{
    private readonly ConcurrentDictionary<string, KeyCache> _keys = new(StringComparer.Ordinal);

    public override StreamProviderDirection Direction => StreamProviderDirection.ReadWrite;

    protected override string Fields => "headers,timestamp";

    protected override bool RereadsAfterFailure => false;

    /// <summary>A registration is a look-up and a call to the grain, and the partition is not read until all that were begun are through.</summary>
    private const int RegistrationsAtOnce = 1000;

    protected override CacheLimits Limits { get; } = new()
    {
        Items = options.MaxOutstandingRecords,
        Bytes = options.MaxOutstandingBytes,
        Span = options.MaxOffsetSpan,
        Deliveries = options.MaxConcurrentDeliveries,
        Registrations = RegistrationsAtOnce,
        BatchItems = options.MaxBatchRecords,
        BatchBytes = options.MaxBatchBytes,
        RedeliveryMin = options.RedeliveryBackoff,
        RedeliveryMax = options.MaxRedeliveryBackoff,
        AgentForgets = options.StreamInactivityPeriod * 1.25,
    };

    protected override PartitionIntake<KafkaRecord, byte[]?> CreateIntake(string stream, string topic, int partition) =>
        new RecordIntake(topic, partition, Keys(stream, topic), options.MaxOutstandingRecords, options.MaxOutstandingBytes);

    protected override IDeserializer<byte[]?> CreateDeserializer(string stream, string topic) => NullableBytes.Instance;

    protected override UnroutableLane CreateUnroutableLane() => new(unroutable, Parts.Time, Logger);

    // Shared by a topic's partitions: only their consumer's one thread writes to it.
    private KeyCache Keys(string stream, string topic) => _keys.GetOrAdd(topic, t =>
    {
        var keys = new KeyCache(stream);
        Parts.Status.CountKeys(Parts.Name, t, () => keys.OnTwoPartitions);
        return keys;
    });

    private sealed class NullableBytes : IDeserializer<byte[]?>
    {
        public static readonly NullableBytes Instance = new();

        public byte[]? Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => isNull ? null : data.ToArray();
    }
}
