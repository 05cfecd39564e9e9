namespace Api.Http;

/// <summary>
/// A value that many requests read and one computation gives: whoever asks while it runs waits for the same one, and its answer, or its
/// failure, stands for a moment. So neither a crowd nor an outage multiplies the work.
/// </summary>
internal sealed class Shared<T>(Func<CancellationToken, Task<T>> compute, TimeSpan validFor, TimeSpan timeout, TimeProvider time)
{
    private readonly Lock _lock = new();
    private Task<T>? _task;
    private long _endedAt;

    public Task<T> GetAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_task is null || (_task.IsCompleted && time.GetElapsedTime(_endedAt) >= validFor))
                _task = RunAsync();
            return _task.WaitAsync(cancellationToken);
        }
    }

    private async Task<T> RunAsync()
    {
        await Task.Yield(); // nothing of the computation runs under the lock
        using var limit = new CancellationTokenSource(timeout, time);
        try
        {
            return await compute(limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested)
        {
            throw new TimeoutException($"No answer within {timeout.TotalSeconds:0.#} s.", e);
        }
        finally
        {
            Volatile.Write(ref _endedAt, time.GetTimestamp());
        }
    }
}
