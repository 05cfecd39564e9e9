using System.Text;
using Microsoft.Extensions.Logging;
using Orleans.Streams.Kafka.Producing;

namespace Orleans.Streams.Kafka.Topology;

/// <summary>
/// Spreads a topic's partitions evenly: they go round the sorted active silos, beginning with one that the stream's name chooses. What other topics a silo knows of does not matter: silos
/// that know of different ones, as during a rollout, would leave partitions to nobody. Computed anew when silos come and go and when a topic grows, which
/// none of the built-in balancers notices. Two silos may disagree for a moment and own one partition both; the checkpoints' epochs and the
/// consumers' own deduplication make that harmless.
/// </summary>
internal sealed class KafkaQueueBalancer(string provider, TopicDirectory directory, IServiceProvider services, ILogger<KafkaQueueBalancer> logger)
    : QueueBalancerBase(services, logger)
{
    private readonly Lock _lock = new();
    private IStreamQueueMapper? _mapper;
    private SiloAddress[] _silos = [];
    private QueueId[] _mine = [];

    public override async Task Initialize(IStreamQueueMapper queueMapper)
    {
        _mapper = queueMapper;
        directory.Changed += Rebalance;
        await base.Initialize(queueMapper);
    }

    public override Task Shutdown()
    {
        directory.Changed -= Rebalance;
        return base.Shutdown();
    }

    public override IEnumerable<QueueId> GetMyQueues()
    {
        lock (_lock)
        {
            return _mine;
        }
    }

    internal static QueueId[] Share(IReadOnlyList<QueueId> queues, IReadOnlyList<SiloAddress> silos, SiloAddress mine) =>
        [.. queues.Where(queue => silos.Count > 0 && silos[OwnerOf(queue, silos.Count)].Equals(mine))];

    private static int OwnerOf(QueueId queue, int silos)
    {
        var (stream, partition) = KafkaQueues.Partition(queue);
        return (int)((Murmur2.Hash(Encoding.UTF8.GetBytes(stream)) + (ulong)partition) % (ulong)silos);
    }

    protected override void OnClusterMembershipChange(HashSet<SiloAddress> activeSilos)
    {
        lock (_lock)
        {
            _silos = [.. activeSilos.Order()];
        }

        Rebalance();
    }

    private void Rebalance()
    {
        lock (_lock)
        {
            List<QueueId> all = [.. _mapper!.GetAllQueues()];
            var mine = Share(all, _silos, SiloAddress);
            if (mine.AsSpan().SequenceEqual(_mine))
            {
                return;
            }

            _mine = mine;
            KafkaLog.Balanced(logger, provider, mine.Length, all.Count, _silos.Length);
        }

        _ = NotifyAsync();
    }

    private async Task NotifyAsync()
    {
        try
        {
            await NotifyListeners();
        }
        catch (Exception exception)
        {
            KafkaLog.BalanceFailed(logger, exception, provider);
        }
    }
}
