using CsCheck;
using Orleans.Streams.Kafka.Topology;

namespace Orleans.Streams.Kafka.Tests;

/// <summary>Which silo reads which partition, as every silo works it out for itself.</summary>
public sealed class ShareTests
{
    private static readonly Gen<(string Stream, int Partitions)[]> Topics =
        Gen.Select(Gen.String[Gen.Char['a', 'z'], 1, 8], Gen.Int[1, 20]).Array[1, 6].Where(t => t.Select(x => x.Item1).Distinct().Count() == t.Length);

    [Fact]
    public void Every_partition_has_one_owner_and_the_partitions_of_a_topic_are_spread_evenly() =>
        Gen.Select(Topics, Gen.Int[1, 7]).Sample((topics, count) =>
        {
            var silos = Silos(count);
            var shares = silos.Select(mine => KafkaQueueBalancer.Share([.. topics.SelectMany(Queues)], silos, mine)).ToArray();
            Assert.Equal(topics.SelectMany(Queues).Order(), shares.SelectMany(s => s).Order());
            foreach (var (stream, partitions) in topics)
                Assert.All(shares, share => Assert.InRange(share.Count(q => KafkaQueues.Partition(q).Stream == stream), partitions / count, (partitions + count - 1) / count));
        });

    [Fact]
    public void Silos_that_know_of_different_topics_agree_on_those_that_both_know() =>
        Gen.Select(Topics, Topics, Gen.Int[1, 7]).Sample((some, more, count) =>
        {
            var silos = Silos(count);
            var others = more.Where(m => some.All(s => s.Stream != m.Stream)).Concat(some).SelectMany(Queues).ToArray();
            var known = some.SelectMany(Queues).ToArray();
            Assert.All(silos, mine => Assert.Equal(
                KafkaQueueBalancer.Share(known, silos, mine).Order(), KafkaQueueBalancer.Share(others, silos, mine).Intersect(known).Order()));
        });

    [Fact]
    public void Without_silos_nobody_reads() => Assert.Empty(KafkaQueueBalancer.Share([.. Queues(("a", 3))], [], Silos(1)[0]));

    private static IEnumerable<QueueId> Queues((string Stream, int Partitions) topic) => Enumerable.Range(0, topic.Partitions).Select(p => KafkaQueues.Queue(topic.Stream, p));

    private static SiloAddress[] Silos(int count) =>
        [.. Enumerable.Range(1, count).Select(i => SiloAddress.New(System.Net.IPAddress.Loopback, 11000 + i, i)).Order()];
}
