using JasperFx.Events.Projections;
using Marten;
using Marten.Events.Daemon;

namespace EventStore.Projections.Running;

/// <summary>
/// Marten's high-water mark: the sequence number below which no event can appear any more. Marten's daemon finds it, woken by each commit's
/// notification; one daemon per process serves every runner in it.
/// </summary>
internal sealed class HighWater(IDocumentStore store) : IObserver<ShardState>, IAsyncDisposable, IDisposable
{
    private readonly SemaphoreSlim _starting = new(1, 1);
    private readonly Lock _lock = new();
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ProjectionDaemon? _daemon;
    private IDisposable? _subscription;
    private long _mark;

    /// <summary>Returns the mark as soon as it is above a sequence number, or as it is after a while.</summary>
    public async Task<long> WaitAboveAsync(long sequence, TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        await EnsureStartedAsync(cancellationToken);
        using var timeout = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        while (true)
        {
            Task moved;
            lock (_lock)
            {
                if (_mark > sequence)
                    return _mark;
                moved = _moved.Task;
            }

            await moved.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            if (timeout.IsCancellationRequested)
                return Interlocked.Read(ref _mark);
        }
    }

    public void OnNext(ShardState value)
    {
        if (value.ShardName != ShardState.HighWaterMark)
            return;
        lock (_lock)
        {
            if (value.Sequence <= _mark)
                return;
            _mark = value.Sequence;
            _moved.SetResult();
            _moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
        // The daemon logs it and polls again; that the mark stands still shows in HighWaterStatus.
    }

    public async ValueTask DisposeAsync()
    {
        _subscription?.Dispose();
        if (_daemon is not null)
        {
            await _daemon.StopAllAsync();
            _daemon.Dispose();
        }

        _starting.Dispose();
    }

    // Marten's own container registrations may dispose services synchronously; both must work.
    public void Dispose()
    {
        _subscription?.Dispose();
        _daemon?.Dispose();
        _starting.Dispose();
    }

    private async Task EnsureStartedAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _daemon) is not null)
            return;
        await _starting.WaitAsync(cancellationToken);
        try
        {
            if (_daemon is not null)
                return;
            var daemon = (ProjectionDaemon)await store.BuildProjectionDaemonAsync();
            var subscription = daemon.Tracker.Subscribe(this);
            try
            {
                await daemon.StartHighWaterDetectionAsync();
            }
            catch
            {
                subscription.Dispose();
                daemon.Dispose();
                throw;
            }

            _subscription = subscription;
            OnNext(new ShardState(ShardState.HighWaterMark, daemon.Tracker.HighWaterMark));
            Volatile.Write(ref _daemon, daemon);
        }
        finally
        {
            _starting.Release();
        }
    }
}
