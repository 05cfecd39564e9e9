using Orleans.Streams.Kafka.Cache;
using Orleans.Streams.Kafka.Status;

namespace Orleans.Streams.Kafka.Receiving;

/// <summary>
/// What a pulling agent reads a partition with. Reading only moves what is there from the intake to the cache: it never throws what is Kafka's trouble,
/// because an agent answers one exception with ten seconds of silence. It waits only while the partition is idle.
/// </summary>
internal sealed class KafkaReceiver<TItem, TPart>(
    PartitionCache<TItem> cache,
    PartitionIntake<TItem, TPart> intake,
    PartitionSession<TItem, TPart> session,
    UnroutableLane? unroutable,
    PartitionGauge gauge,
    StatusBoard board,
    TimeProvider time)
    : IQueueAdapterReceiver
    where TItem : class, IKafkaItem
{
    /// <summary>Per read: an agent is single-threaded, and deliveries wait for its turn.</summary>
    private const int MaxItemsPerRead = 4000;
    private static readonly TimeSpan IdleWait = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _stopping = new();
    private Task _lane = Task.CompletedTask;

    public Task Initialize(TimeSpan timeout)
    {
        board.Add(gauge);
        _lane = unroutable?.RunAsync(() => cache.Generation, _stopping.Token) ?? Task.CompletedTask;
        session.Start();
        return Task.CompletedTask;
    }

    /// <summary>Reads; on an idle partition the agent waits here for what comes, instead of asking a hundred times a second.</summary>
    public async Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount, CancellationToken cancellationToken)
    {
        var notices = Read();
        if (notices.Count > 0 || !cache.IsIdle || cancellationToken.IsCancellationRequested)
        {
            return notices;
        }

        await intake.WaitAsync(IdleWait, time, cancellationToken);
        return cancellationToken.IsCancellationRequested ? [] : Read();
    }

    public Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount) => Task.FromResult(Read());

    public Task MessagesDeliveredAsync(IList<IBatchContainer> messages) => Task.CompletedTask;

    public async Task Shutdown(TimeSpan timeout)
    {
        await _stopping.CancelAsync();
        await _lane.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await session.StopAsync(timeout);
        }
        finally
        {
            board.Remove(gauge); // also when the last checkpoint could not be saved in time
        }
    }

    private IList<IBatchContainer> Read()
    {
        while (unroutable is not null && unroutable.TryTakeDone(out var done))
        {
            if (done.Generation == cache.Generation)
            {
                cache.Release(done.Ordinal, (TItem)(object)done.Record);
            }
        }

        var items = 0;
        while (items < MaxItemsPerRead && intake.TryPeek(out var arrival))
        {
            switch (arrival.Kind)
            {
                case ArrivalKind.Start:
                    cache.Restart(arrival.Offset, arrival.Generation);
                    break;
                case ArrivalKind.End:
                    cache.Reached(arrival.Offset);
                    break;
                case ArrivalKind.Item when !cache.HasRoom:
                    return Notices(items);
                default:
                    items++;
                    Accept(arrival);
                    break;
            }

            intake.Take();
        }

        return Notices(items);
    }

    private void Accept(in Arrival<TItem> arrival)
    {
        var item = arrival.Item!;
        if (item.Offset < cache.Position)
        {
            // The consumer went back (after a pause it refetches): this item is in hand, or done.
            return;
        }

        if (arrival.Unroutable is { } reason)
        {
            gauge.Unroutable();
            unroutable!.Add(new((KafkaRecord)(object)item, reason, cache.Admit(item), cache.Generation));
        }
        else
        {
            cache.Add(arrival.Stream, item);
        }
    }

    private IList<IBatchContainer> Notices(int items)
    {
        if (items > 0)
        {
            gauge.Received(items);
        }

        return cache.TakeNotices();
    }
}
