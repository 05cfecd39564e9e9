using Confluent.Kafka;

namespace Orleans.Streams.Kafka.Hosting;

/// <summary>librdkafka's settings, from the options: our defaults, then what the user set, then what the promises rest on.</summary>
internal static class ClientSettings
{
    public static ConsumerConfig Consumer(KafkaProviderOptions options, string provider, string fields)
    {
        var settings = Common(options);
        // Forty answers a second are enough: an answer costs the broker and the silo far more than a record does, and each silo has two consumers of
        // nearly every topic. The emulator always waits this long.
        settings["fetch.wait.max.ms"] = "25";
        settings["fetch.min.bytes"] = "65536";
        settings["queued.min.messages"] = "20000";
        settings["queued.max.messages.kbytes"] = "16384";
        // What is queued lasts a fast reader for a tenth of the second that librdkafka would wait before it fetches more.
        settings["fetch.queue.backoff.ms"] = "2";
        Apply(options.Consumer, settings);
        KafkaReconnect.AddTo(settings);
        return new(settings)
        {
            GroupId = options.ConsumerGroup ?? provider,
            EnableAutoCommit = false, // see GroupMirror
            EnableAutoOffsetStore = false,
            AutoOffsetReset = AutoOffsetReset.Error,
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnablePartitionEof = true,
            ConsumeResultFields = fields,
        };
    }

    public static ProducerConfig Producer(KafkaProviderOptions options)
    {
        var settings = Common(options);
        settings["linger.ms"] = "1";
        Apply(options.Producer, settings);
        KafkaReconnect.AddTo(settings);
        return new(settings) { Acks = Acks.All, EnableIdempotence = true, Partitioner = Partitioner.Murmur2Random };
    }

    /// <summary>For what only commits: it waits for the group's coordinator as long as a session would last.</summary>
    public static ConsumerConfig Mirror(KafkaProviderOptions options, string group)
    {
        var settings = Common(options);
        Apply(options.Consumer, settings); // who may write the group may be named there
        KafkaReconnect.AddTo(settings);
        return new(settings) { GroupId = group, EnableAutoCommit = false, SessionTimeoutMs = 6000, HeartbeatIntervalMs = 2000 };
    }

    public static AdminClientConfig Admin(KafkaProviderOptions options)
    {
        var settings = Common(options);
        KafkaReconnect.AddTo(settings);
        return new(settings);
    }

    private static Dictionary<string, string> Common(KafkaProviderOptions options)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["bootstrap.servers"] = options.BootstrapServers,
            ["socket.keepalive.enable"] = "true",
            // Clients must know of a new partition as soon as the directory does: they refuse to read or write one that they don't know.
            ["topic.metadata.refresh.interval.ms"] = Math.Clamp((long)options.MetadataInterval.TotalMilliseconds, 100, 300_000)
                .ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        Apply(options.Client, settings);
        return settings;
    }

    private static void Apply(IDictionary<string, string> from, Dictionary<string, string> to)
    {
        foreach (var (key, value) in from)
        {
            to[key] = value;
        }
    }
}
