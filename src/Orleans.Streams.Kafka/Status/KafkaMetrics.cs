using System.Diagnostics.Metrics;

namespace Orleans.Streams.Kafka.Status;

/// <summary>The counters of this library; the gauges are read from <see cref="StatusBoard"/>.</summary>
internal static class KafkaMetrics
{
    public const string MeterName = "Orleans.Streams.Kafka";

    public static readonly Meter Meter = new(MeterName);
    public static readonly Counter<long> Records = Meter.CreateCounter<long>("streaming.ingest.records", "{record}", "Records or chunks taken from Kafka.");
    public static readonly Counter<long> Redeliveries = Meter.CreateCounter<long>("streaming.redeliveries", "{delivery}", "Deliveries presented again after a failure.");
    public static readonly Counter<long> Unsubscribed = Meter.CreateCounter<long>("streaming.unsubscribed", "{record}", "Records that no grain subscribes to.");
    public static readonly Counter<long> Unroutable = Meter.CreateCounter<long>("streaming.unroutable", "{record}", "Records without a usable key.");
    public static readonly Counter<long> Skipped = Meter.CreateCounter<long>("streaming.skipped", "{record}", "Records lost to a gap in the topic.");
    public static readonly Counter<long> Published = Meter.CreateCounter<long>("streaming.published", "{record}", "Records published to Kafka and acknowledged by it.");
    public static readonly Counter<long> CheckpointFailures = Meter.CreateCounter<long>("streaming.checkpoint.failures", "{attempt}", "Checkpoints that could not be saved.");
    public static readonly Counter<long> Checkpoints = Meter.CreateCounter<long>("streaming.checkpoints", "{checkpoint}", "Checkpoints saved.");
}
