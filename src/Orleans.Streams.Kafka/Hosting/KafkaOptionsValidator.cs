using Confluent.Kafka;
using Microsoft.Extensions.Options;

namespace Orleans.Streams.Kafka.Hosting;

/// <summary>Checks a provider's options at start-up and tells every error at once, naming option and provider.</summary>
internal sealed class KafkaOptionsValidator<TOptions>(string provider) : IValidateOptions<TOptions>
    where TOptions : KafkaProviderOptions
{
    /// <summary>Settings that a promise of this provider rests on.</summary>
    private static readonly string[] Reserved =
    [
        "bootstrap.servers", "group.id", "enable.auto.commit", "enable.auto.offset.store", "auto.offset.reset", "isolation.level",
        "enable.partition.eof", "partitioner", "acks", "request.required.acks", "enable.idempotence",
        "dotnet.producer.enable.delivery.reports", "dotnet.producer.enable.background.poll",
    ];

    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        if (name != provider)
        {
            return ValidateOptionsResult.Skip;
        }

        var errors = new List<string>();
        void Check(bool holds, string option, string rule)
        {
            if (!holds)
            {
                errors.Add($"Kafka streams '{provider}': {option} {rule}.");
            }
        }

        Check(!string.IsNullOrWhiteSpace(options.BootstrapServers), "BootstrapServers", "must name the brokers, as host:port separated by commas");
        Check(options.Streams.Count > 0, "Streams", "must hold at least one stream: AddStream(name, topic)");
        foreach (var (stream, topic) in options.Streams)
        {
            Check(IsName(stream), $"Streams['{stream}']", "must be named with letters, digits, '.', '_' or '-', at most 249 of them");
            Check(IsName(topic.Topic), $"Streams['{stream}'].Topic", $"'{topic.Topic}' is no topic's name: letters, digits, '.', '_' or '-', at most 249 of them");
            Check(topic.Partitions > 0, $"Streams['{stream}'].Partitions", "must be positive");
            Check(topic.ReplicationFactor is -1 or > 0, $"Streams['{stream}'].ReplicationFactor", "must be positive, or -1 for the broker's default");
        }

        var doubled = options.Streams.Values.GroupBy(t => t.Topic, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key).ToList();
        Check(doubled.Count == 0, "Streams", $"must not share a topic: {string.Join(", ", doubled)}");
        foreach (var (settings, option) in new[] { (options.Client, "Client"), (options.Consumer, "Consumer"), (options.Producer, "Producer") })
        {
            foreach (var key in settings.Keys.Intersect(Reserved, StringComparer.Ordinal))
            {
                Check(false, $"{option}['{key}']", "is decided by the provider, which promises what rests on it");
            }
        }

        errors.AddRange(RefusedSettings(options).Distinct().Select(refusal => $"Kafka streams '{provider}': {refusal}"));
        Check(options.ConsumerGroup is null || options.ConsumerGroup.Trim().Length > 0, "ConsumerGroup", "must not be blank; null mirrors nothing");
        Check(options.Incarnation is null || options.Incarnation.Trim().Length > 0, "Incarnation", "must not be blank; null asks the broker");
        Check(Enum.IsDefined(options.OnGap), "OnGap", "must be Stop or SkipToEarliest");
        Check(options.Start.Value >= 0, "Start", "must not be negative");
        Check(options.CheckpointInterval > TimeSpan.Zero, "CheckpointInterval", "must be positive");
        Check(options.MetadataInterval > TimeSpan.Zero, "MetadataInterval", "must be positive");
        Check(options.PollPeriod > TimeSpan.Zero, "PollPeriod", "must be positive");
        Check(options.MaxDeliveryTime > TimeSpan.Zero, "MaxDeliveryTime", "must be positive");
        Check(options.RedeliveryBackoff > TimeSpan.Zero, "RedeliveryBackoff", "must be positive");
        Check(options.MaxRedeliveryBackoff >= options.RedeliveryBackoff, "MaxRedeliveryBackoff", "must not be below RedeliveryBackoff");
        Check(options.StreamInactivityPeriod > options.MaxRedeliveryBackoff, "StreamInactivityPeriod", "must be above MaxRedeliveryBackoff");
        Check(options.MaxOutstandingBytes > 0, "MaxOutstandingBytes", "must be positive");
        switch (options)
        {
            case KafkaStreamsOptions byKey:
                Check(byKey.MaxOutstandingRecords > 0, "MaxOutstandingRecords", "must be positive");
                Check(byKey.MaxOffsetSpan >= byKey.MaxOutstandingRecords, "MaxOffsetSpan", "must not be below MaxOutstandingRecords");
                Check(byKey.MaxConcurrentDeliveries > 0, "MaxConcurrentDeliveries", "must be positive");
                Check(byKey.MaxBatchRecords > 0, "MaxBatchRecords", "must be positive");
                Check(byKey.MaxBatchBytes > 0, "MaxBatchBytes", "must be positive");
                break;
            case KafkaPartitionStreamsOptions byPartition:
                Check(byPartition.MaxOutstandingChunks > 0, "MaxOutstandingChunks", "must be positive");
                Check(byPartition.MaxChunkRecords > 0, "MaxChunkRecords", "must be positive");
                Check(byPartition.MaxChunkBytes > 0, "MaxChunkBytes", "must be positive");
                break;
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    /// <summary>What librdkafka says of its own settings, which it does when a client is made: later, Orleans would note that and read nothing.</summary>
    private IEnumerable<string> RefusedSettings(TOptions options)
    {
        (string Option, IDictionary<string, string> Settings, Func<IDisposable> Make)[] clients =
        [
            (nameof(options.Consumer), options.Consumer, () => new ConsumerBuilder<Ignore, Ignore>(ClientSettings.Consumer(options, provider, "all")).SetLogHandler((_, _) => { }).Build()),
            (nameof(options.Producer), options.Producer, () => new ProducerBuilder<Null, Null>(ClientSettings.Producer(options)).SetLogHandler((_, _) => { }).Build()),
        ];
        foreach (var (option, settings, make) in clients)
        {
            string refusal;
            try
            {
                make().Dispose();
                continue;
            }
            catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or KafkaException)
            {
                refusal = exception.Message;
            }

            bool Concerns(string key) => refusal.Contains($"\"{key}\"", StringComparison.Ordinal);
            var setting = settings.Keys.FirstOrDefault(Concerns) is { } own ? $"{option}['{own}']"
                : options.Client.Keys.FirstOrDefault(Concerns) is { } common ? $"{nameof(options.Client)}['{common}']"
                : $"a setting of {nameof(options.Client)} or {option}";
            yield return $"{setting} is refused: {refusal}";
        }
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= 249 && name is not ("." or "..") && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
