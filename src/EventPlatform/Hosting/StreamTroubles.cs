using Orleans.Providers;
using Orleans.Streams.Kafka;

namespace EventPlatform.Hosting;

/// <summary>What a silo's streams do not read, and why. Orleans' management grain asks it of every silo.</summary>
/// <param name="status">What the silo reads.</param>
public sealed class StreamTroubles(IKafkaStreamsStatus status) : IControllable
{
    /// <summary>What it is registered as.</summary>
    public const string Name = "kafka-stream-troubles";

    /// <summary>A line for each topic and partition that is not read as it should be; none when all is well.</summary>
    public string[] List() =>
    [
        .. status.Topics.Where(t => t.Error is not null).Select(t => $"topic {t.Topic}: {t.Error}"),
        .. status.Partitions.Where(p => !p.IsHealthy).Select(p =>
            $"{p.Topic}/{p.Partition}: {p.State}{(p.FailingStreams > 0 ? $", {p.FailingStreams} keys wait for a delivery that failed" : "")}{(p.LastError is null ? "" : $", {p.LastError}")}"),
    ];

    /// <inheritdoc/>
    public Task<object?> ExecuteCommand(int command, object? arg) => Task.FromResult<object?>(List());
}
