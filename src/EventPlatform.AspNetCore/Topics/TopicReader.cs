using Confluent.Kafka;
using EventPlatform.AspNetCore.Http;
using EventPlatform.AspNetCore.Jobs;
using EventPlatform.DeadLetters;
using EventPlatform.Hosting;
using EventPlatform.Topics;
using EventStore.Checkpoints;

namespace EventPlatform.AspNetCore.Topics;

/// <summary>Joins what the broker holds with how far the consumers are.</summary>
internal sealed class TopicReader
{
    private readonly BrokerWatermarks _watermarks;
    private readonly Shared<IReadOnlyList<CheckpointInfo>> _checkpoints;
    private readonly HashSet<string> _aggregated;

    public TopicReader(BrokerWatermarks watermarks, IPartitionCheckpoints checkpoints, JobPositions jobs, IReadOnlyList<AggregateSubscription> aggregates, PlatformTopics topics, TimeProvider time)
    {
        _watermarks = watermarks;
        _aggregated = [.. aggregates.Select(a => topics.BrokerNameOf(a.Topic))];
        _checkpoints = new(async ct => [.. await checkpoints.ListAsync(ct), .. await jobs.ListAsync(ct)], TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(5), time);
    }

    /// <summary>Every topic, by name.</summary>
    public async Task<IReadOnlyList<TopicView>> ListAsync(CancellationToken cancellationToken)
    {
        // Positions first: a watermark that is older than a position would show a negative lag.
        var checkpoints = await _checkpoints.GetAsync(cancellationToken);
        return Join(await _watermarks.GetAsync(cancellationToken), checkpoints, _aggregated);
    }

    /// <summary>Joins them.</summary>
    /// <param name="watermarks">What the broker holds.</param>
    /// <param name="checkpoints">How far the consumers are.</param>
    /// <param name="aggregated">The topics that aggregates read, whether a checkpoint says so already or not.</param>
    internal static IReadOnlyList<TopicView> Join(
        IReadOnlyDictionary<TopicPartition, Watermarks> watermarks, IReadOnlyList<CheckpointInfo> checkpoints, IReadOnlySet<string> aggregated)
    {
        // A consumer that reads a topic reads every partition of it: one without a checkpoint is still at the beginning.
        var consumers = checkpoints.Select(c => (c.Topic, c.Provider)).Concat(aggregated.Select(t => (Topic: t, Provider: PlatformHosting.StreamProvider)))
            .Distinct().GroupBy(c => c.Topic, c => c.Provider).ToDictionary(g => g.Key, g => g.ToArray());
        var positions = checkpoints.ToDictionary(c => (c.Provider, c.Topic, c.Partition));
        return [.. watermarks.GroupBy(w => w.Key.Topic).OrderBy(g => g.Key, StringComparer.Ordinal).Select(topic => new TopicView(topic.Key,
            [.. topic.OrderBy(w => w.Key.Partition.Value).Select(w => View(w.Key, w.Value, consumers.GetValueOrDefault(topic.Key, []), positions))]))];
    }

    private static PartitionView View(
        TopicPartition partition, Watermarks marks, string[] consumers, Dictionary<(string, string, int), CheckpointInfo> positions)
    {
        var slowest = consumers
            .Select(consumer => (Consumer: consumer, Checkpoint: positions.GetValueOrDefault((consumer, partition.Topic, partition.Partition.Value))))
            .Select(c => (c.Consumer, c.Checkpoint, Position: Math.Clamp(c.Checkpoint?.NextOffset ?? marks.Low, marks.Low, marks.High)))
            .OrderBy(c => c.Position).FirstOrDefault();
        return slowest.Consumer is null
            ? new PartitionView(partition.Partition, marks.Low, marks.High, null, null, null, null)
            : new PartitionView(partition.Partition, marks.Low, marks.High, slowest.Position, marks.High - slowest.Position,
                slowest.Consumer, slowest.Checkpoint?.ChangedAt, slowest.Checkpoint?.NextOffset < marks.Low ? marks.Low - slowest.Checkpoint.NextOffset : null);
    }
}
