using Confluent.Kafka;
using Confluent.Kafka.Admin;
using ErrorCode = Confluent.Kafka.ErrorCode;

namespace Producer.Sending;

/// <summary>Makes sure that the topics are there, and that there is a broker at all.</summary>
internal static class Topics
{
    private const int Partitions = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // The emulator has no controller to create topics, and a client waits for one this long.
    private static readonly TimeSpan ControllerPatience = TimeSpan.FromSeconds(5);

    /// <exception cref="KafkaException">No broker answers, or it refuses to create a topic.</exception>
    public static async Task EnsureAsync(ClientConfig client, IReadOnlyList<string> names)
    {
        using var admin = new AdminClientBuilder(client).SetLogHandler((_, _) => { }).Build();
        var known = admin.GetMetadata(Patience).Topics.Where(t => !t.Error.IsError).Select(t => t.Topic).ToHashSet();
        var missing = names.Where(n => !known.Contains(n)).ToArray();
        if (missing.Length == 0)
            return;
        try
        {
            await admin.CreateTopicsAsync(
                missing.Select(n => new TopicSpecification { Name = n, NumPartitions = Partitions, ReplicationFactor = -1 }),
                new CreateTopicsOptions { RequestTimeout = ControllerPatience });
        }
        catch (CreateTopicsException e) when (e.Results.All(r => r.Error.Code is ErrorCode.NoError or ErrorCode.TopicAlreadyExists))
        {
            // Another process was faster.
        }
        catch (CreateTopicsException e)
        {
            throw new KafkaException(e.Results.First(r => r.Error.IsError && r.Error.Code != ErrorCode.TopicAlreadyExists).Error);
        }
        catch (KafkaException e) when (e.Error.Code is ErrorCode.Local_TimedOut or ErrorCode.Local_UnsupportedFeature or ErrorCode.UnsupportedVersion)
        {
            // A broker without topic administration creates a topic when it is first asked about.
            foreach (var name in missing)
                RefuseUnlessThere(admin, name);
        }
    }

    private static void RefuseUnlessThere(IAdminClient admin, string name)
    {
        var topic = admin.GetMetadata(name, Patience).Topics.Single();
        if (topic.Error.IsError)
            throw new KafkaException(topic.Error);
    }
}
