using System.Threading.Channels;
using EventStore.Aggregates;
using EventStore.Hosting;
using Microsoft.Extensions.Options;

namespace EventStore.Appending;

/// <summary>The one loop of a process that commits: while a transaction is in flight, the next batch gathers.</summary>
internal sealed class GroupCommit : IGroupCommit, IAsyncDisposable
{
    private readonly Channel<PendingAppend> _queue;
    private readonly BatchGatherer _gatherer;
    private readonly BatchWriter _writer;
    private readonly EventTypes _types;
    private readonly StoreAvailability _availability;
    private readonly RetryDelay _delay;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;

    public GroupCommit(
        AppendStatement statement, EventTypes types, StoreAvailability availability, IOptions<EventStoreOptions> options, TimeProvider time)
    {
        _queue = Channel.CreateBounded<PendingAppend>(new BoundedChannelOptions(options.Value.MaxQueuedAppends) { SingleReader = true });
        _gatherer = new BatchGatherer(_queue.Reader, options.Value);
        _writer = new BatchWriter(statement, time);
        _types = types;
        _availability = availability;
        _delay = new RetryDelay(options.Value.MaxRetryDelay, time);
        _loop = Task.Run(RunAsync);
    }

    public async ValueTask<AppendVerdict> AppendAsync(StreamAppend append, CancellationToken cancellationToken = default)
    {
        if (PendingAppend.TryPrepare(append, _types, out var refusal) is not { } pending)
        {
            var refused = new AppendVerdict.Refused(refusal!, null);
            StoreMetrics.Count(append, refused);
            return refused;
        }

        try
        {
            await _queue.Writer.WriteAsync(pending, cancellationToken);
        }
        catch (ChannelClosedException e)
        {
            throw new StoreUnavailableException($"The event store is stopping; the append to {append.StreamKey} was not written.", e);
        }

        return await pending.Verdict.WaitAsync(cancellationToken);
    }

    /// <summary>Commits what is queued, then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        while (await _gatherer.WaitAsync(CancellationToken.None))
        {
            var batch = _gatherer.Take();
            try
            {
                await _writer.WriteAsync(batch, CancellationToken.None);
                _availability.Succeeded();
                _delay.Reset();
            }
            catch (Exception e)
            {
                // Whatever went wrong, no caller may wait for ever, and the loop goes on: the next attempt may find the database well.
                _availability.Failed(e);
                foreach (var pending in batch)
                    pending.Fail(new StoreUnavailableException(
                        $"The append to {pending.Append.StreamKey} may or may not be committed; reload before deciding again. {e.Message}", e));
                await _delay.WaitAsync(_stopping.Token);
            }
        }
    }
}
