using System.Globalization;
using Orleans.Metadata;
using Orleans.Streams;
using Orleans.Streams.Kafka;

namespace EventPlatform.Jobs;

/// <summary>The names of the streams that jobs read, one per topic beside the one that aggregates read.</summary>
internal static class JobStreams
{
    /// <summary>The stream provider's name.</summary>
    public const string Provider = "kafka-jobs";

    private const string Prefix = "jobs.";

    public static string StreamOf(string topic) => Prefix + topic;

    public static string TopicOf(string stream) => stream[Prefix.Length..];

    public static string Key(string topic, int partition) => string.Create(CultureInfo.InvariantCulture, $"{topic}/{partition}");

    public static (string Topic, int Partition) Parse(string key)
    {
        var at = key.LastIndexOf('/');
        return (key[..at], int.Parse(key.AsSpan(at + 1), CultureInfo.InvariantCulture));
    }

    /// <summary>How many partitions a topic that jobs read has; null while that is not known.</summary>
    public static Func<string, int?> PartitionsOf(IKafkaStreamsStatus status) => topic =>
        status.Topics.FirstOrDefault(t => t.Provider == Provider && t.Stream == StreamOf(topic)) is { Partitions: > 0 } known ? known.Partitions : null;

    /// <summary>Makes a grain's key of a stream's id: partitions of different topics have the same number.</summary>
    public sealed class Mapper : IStreamIdMapper
    {
        /// <summary>What it is registered as.</summary>
        public const string Name = "event-platform.job-streams";

        public IdSpan GetGrainKeyId(GrainBindings grainBindings, StreamId streamId) =>
            IdSpan.Create($"{TopicOf(streamId.GetNamespace()!)}/{streamId.GetKeyAsString()}");
    }
}
