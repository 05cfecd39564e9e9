using System.Globalization;
using EventPlatform.Topics;
using Microsoft.Extensions.Configuration;
using Orleans.Streams.Kafka;

namespace EventPlatform.Hosting;

/// <summary>How to reach Kafka. Section <c>Kafka</c> of the configuration; further options of the stream provider stand there too.</summary>
public sealed record KafkaSettings
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Kafka";

    /// <summary>The logical name of the topic that mirrors the dead letters.</summary>
    internal const string DeadLetterStream = "dead-letters";

    private const string StreamsSection = $"{Section}:Streams";

    /// <summary>The brokers, <c>host:port</c> separated by commas. Required.</summary>
    public string BootstrapServers { get; init; } = "";

    /// <summary>What stands for the topics' ids on a broker that has none (the emulator). Null asks the broker.</summary>
    public string? Incarnation { get; init; }

    /// <summary>The group that checkpoints are mirrored to, so that ordinary lag tools work. Default <c>event-platform</c>.</summary>
    public string ConsumerGroup { get; init; } = "event-platform";

    /// <summary>The names on the broker of topics whose logical name differs from it.</summary>
    public IReadOnlyDictionary<string, string> Topics { get; init; } = new Dictionary<string, string>();

    /// <summary>The topic that mirrors the dead letters. Default <c>dead-letters</c>; empty mirrors nothing.</summary>
    public string DeadLetterTopic { get; init; } = "dead-letters";

    /// <summary>The partitions to create a missing topic with. Default 4.</summary>
    public int Partitions { get; init; } = 4;

    /// <summary>Any librdkafka setting for every client: security, timeouts.</summary>
    public IReadOnlyDictionary<string, string> Client { get; init; } = new Dictionary<string, string>();

    /// <summary>The most bytes of a record's key and value that librdkafka sends; it counts what is around them too.</summary>
    internal int MaxRecordBytes => (Client.TryGetValue("message.max.bytes", out var most) ? int.Parse(most, CultureInfo.InvariantCulture) : 1_000_000) - 100;

    internal static KafkaSettings Read(IConfiguration configuration) => configuration.GetSection(Section).Get<KafkaSettings>() ?? new();

    /// <summary>
    /// The same brokers, for jobs: a stream by partition of each topic that they read, and the topics that their results go to. What is said of a topic holds for both providers, since either may create it.
    /// </summary>
    internal void Apply(KafkaPartitionStreamsOptions options, IEnumerable<string> topics, IEnumerable<string> results, IConfiguration configuration)
    {
        var common = new KafkaStreamsOptions();
        configuration.GetSection(Section).Bind(common);
        foreach (var topic in topics)
            Add(Jobs.JobStreams.StreamOf(topic), topic, publishOnly: false);
        foreach (var topic in results)
            Add($"results.{topic}", topic, publishOnly: true);
        (options.BootstrapServers, options.Incarnation, options.CreateMissingTopics) = (common.BootstrapServers, common.Incarnation, common.CreateMissingTopics);
        (options.OnGap, options.Start, options.MetadataInterval, options.PollPeriod) = (common.OnGap, common.Start, common.MetadataInterval, common.PollPeriod);
        (options.MaxDeliveryTime, options.MaxOutstandingBytes) = (common.MaxDeliveryTime, common.MaxOutstandingBytes);
        (options.RedeliveryBackoff, options.MaxRedeliveryBackoff, options.StreamInactivityPeriod) = (common.RedeliveryBackoff, common.MaxRedeliveryBackoff, common.StreamInactivityPeriod);
        foreach (var (from, to) in new[] { (common.Client, options.Client), (common.Consumer, options.Consumer), (common.Producer, options.Producer) })
        {
            foreach (var (key, value) in from)
                to[key] = value;
        }

        void Add(string stream, string topic, bool publishOnly)
        {
            var added = new KafkaTopicOptions { Partitions = Partitions };
            configuration.GetSection($"{StreamsSection}:{topic}").Bind(added);
            (added.Topic, added.PublishOnly) = (Topics.GetValueOrDefault(topic, topic), publishOnly);
            options.Streams[stream] = added;
        }
    }

    /// <summary>The streams by key. Those that are read by partition alone are only written.</summary>
    /// <param name="options">What is filled.</param>
    /// <param name="topics">The topics that the application defined.</param>
    /// <param name="byPartitionAlone">Those of them that only jobs read.</param>
    /// <param name="eventTopics">Topics that events are published to.</param>
    /// <param name="results">Topics that jobs write: the other provider has their streams, and configuration may say something of them.</param>
    /// <param name="configuration">The silo's configuration.</param>
    internal void Apply(
        KafkaStreamsOptions options, IEnumerable<TopicDefinition> topics, IReadOnlySet<string> byPartitionAlone, IEnumerable<string> eventTopics, IEnumerable<string> results,
        IConfiguration configuration)
    {
        foreach (var topic in eventTopics)
            options.AddStream(topic, Topics.GetValueOrDefault(topic, topic), Partitions).Streams[topic].PublishOnly = true;
        foreach (var topic in topics)
            options.AddStream(topic.Name, Topics.GetValueOrDefault(topic.Name, topic.Name), Partitions).Streams[topic.Name].PublishOnly = byPartitionAlone.Contains(topic.Name);
        if (DeadLetterTopic.Length > 0)
            options.AddStream(DeadLetterStream, DeadLetterTopic, Partitions).Streams[DeadLetterStream].PublishOnly = true;
        var own = options.Streams.Keys.ToHashSet(StringComparer.Ordinal);
        configuration.GetSection(Section).Bind(options); // last: it may say more of a stream, such as its replicas
        foreach (var other in results.Where(r => !own.Contains(r)))
            options.Streams.Remove(other);
        options.ConsumerGroup = ConsumerGroup;
    }

    /// <summary>
    /// What <c>Kafka:Streams</c> says and must not: a topic's name on the broker. Readers, replays and the API take that from <c>Kafka:Topics</c>, so that a silo would read records there that it
    /// has no reader for, again and again.
    /// </summary>
    internal IEnumerable<string> MisplacedNames(IConfiguration configuration)
    {
        foreach (var stream in configuration.GetSection(StreamsSection).GetChildren())
        {
            if (stream[nameof(KafkaTopicOptions.Topic)] is not { } topic || topic == NameOf(stream.Key))
                continue;
            var right = stream.Key == DeadLetterStream ? $"{Section}:{nameof(DeadLetterTopic)}" : $"{Section}:{nameof(Topics)}:{stream.Key}";
            yield return $"{StreamsSection}:{stream.Key}:{nameof(KafkaTopicOptions.Topic)} does not name the topic on the broker: set {right}={topic} instead.";
        }
    }

    private string NameOf(string topic) => topic == DeadLetterStream ? DeadLetterTopic : Topics.GetValueOrDefault(topic, topic);
}
