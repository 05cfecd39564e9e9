using System.Runtime.CompilerServices;
using Confluent.Kafka;
using EventPlatform.DeadLetters;
using EventPlatform.Intake;
using EventPlatform.Topics;
using EventStore.Appending;
using EventStore.Projections;

namespace EventPlatform.Replay;

/// <summary>
/// A topic as the source of a replay. Records are decided again from the oldest that Kafka still has, because a decision needs the state before it; only
/// the events of those within the bounds are given. Arguments: <c>topic</c>, and as bounds <c>from</c> and <c>to</c> (see <see cref="ReplayBound"/>).
/// What commands did is not on a topic, so it is not in such a replay.
/// </summary>
internal sealed class KafkaReplaySource(
    TopicLog log, PlatformTopics topics, IReadOnlyList<AggregateSubscription> aggregates, TopicReaders readers) : IReplaySource
{
    private const int EventsPerPage = 5_000;

    /// <summary>How long whoever starts a replay waits for a broker that is away; the replay itself waits without a limit.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public string Name => "kafka";

    public bool KeepsOrder => false;

    public async ValueTask<long> CountAsync(ReplayRequest request, CancellationToken cancellationToken)
    {
        var (topic, (_, to)) = (Topic(request).Topic, Bounds(request));
        using var consumer = log.Open();
        return (await BeginningAsync(consumer, topic, to, Patience, cancellationToken)).Total;
    }

    public async IAsyncEnumerable<EventPage> ReadAsync(
        ReplayRequest request, string? position, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (aggregate, topic) = Topic(request);
        var (from, to) = Bounds(request);
        using var consumer = log.Open();
        var start = position is null ? await BeginningAsync(consumer, topic, to, TimeSpan.MaxValue, cancellationToken) : ReplayPosition.Parse(position);
        var count = start.Events;
        if (start.Partition >= start.Ends.Count)
            yield break;

        // One fold for all partitions, as live there is one state of a key and one effect of an id: of a topic that has grown, a key's later records may lie on
        // another partition, always a higher one where it grew to a multiple; on a lower one they are folded first. What lies before the position is decided again too, for the states that it leaves.
        var fold = RecordFold.For(aggregate.Grain, readers);
        for (var partition = 0; partition < start.Ends.Count; partition++)
        {
            var behind = partition < start.Partition ? long.MaxValue : partition == start.Partition ? start.NextOffset : 0;
            var page = new List<StoredEvent>();
            await foreach (var record in log.RecordsAsync(consumer, topic, partition, start.Ends[partition], cancellationToken))
            {
                var events = await fold.NextAsync(record, cancellationToken);
                if (record.Offset < behind || from.IsAfter(partition, record.Offset, record.TimestampMs)
                    || !(to.IsNone || to.IsAfter(partition, record.Offset, record.TimestampMs)))
                    continue;
                foreach (var e in events)
                    page.Add(e with { Sequence = ++count });
                if (page.Count < EventsPerPage)
                    continue;
                yield return Page(page, start with { Partition = partition, NextOffset = record.Offset + 1, Events = count }, atEnd: false);
                page = [];
            }

            if (partition >= start.Partition)
                yield return Page(page, start with { Partition = partition + 1, NextOffset = 0, Events = count }, atEnd: partition == start.Ends.Count - 1);
        }
    }

    private static EventPage Page(List<StoredEvent> events, ReplayPosition position, bool atEnd) => new(events, position.ToString(), position.Read, atEnd);

    private async Task<ReplayPosition> BeginningAsync(
        IConsumer<byte[], byte[]> consumer, string topic, ReplayBound to, TimeSpan patience, CancellationToken cancellationToken)
    {
        var ranges = await log.RangesAsync(consumer, topic, patience, cancellationToken);
        return new([.. ranges.Select(r => r.Low)], [.. ranges.Select((r, partition) => to.EndOf(partition, r.High))], 0, 0, 0);
    }

    private (AggregateSubscription Aggregate, string Topic) Topic(ReplayRequest request)
    {
        var name = request.Arguments.GetValueOrDefault("topic") ?? (topics.All.Count == 1 ? topics.All.First().Name : null)
            ?? throw new ProjectionException(
                ProjectionRefusal.Invalid, $"A replay from Kafka needs the argument 'topic': one of {string.Join(", ", topics.All.Select(t => t.Name))}.");
        return aggregates.FirstOrDefault(a => a.Topic == name) is { } aggregate
            ? (aggregate, topics.BrokerNameOf(name))
            : throw new ProjectionException(ProjectionRefusal.NotFound, $"No aggregate reads a topic '{name}'.");
    }

    private static (ReplayBound From, ReplayBound To) Bounds(ReplayRequest request) =>
        (ReplayBound.Parse("from", request.Arguments.GetValueOrDefault("from")), ReplayBound.Parse("to", request.Arguments.GetValueOrDefault("to")));
}
