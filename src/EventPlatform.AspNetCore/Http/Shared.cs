namespace EventPlatform.AspNetCore.Http;

/// <summary>
/// A value that many requests read and one computation gives: whoever asks while it runs waits for the same one, and its answer, or its
/// failure, stands for a moment. So neither a crowd nor an outage multiplies the work.
/// </summary>
/// <param name="compute">Gives the value.</param>
/// <param name="validFor">How long an answer stands.</param>
/// <param name="timeout">How long a computation may take.</param>
/// <param name="time">The clock.</param>
/// <param name="whileComputing">For how long after that it is given to whoever asks while the next one is computed, instead of having them wait.</param>
internal sealed class Shared<T>(Func<CancellationToken, Task<T>> compute, TimeSpan validFor, TimeSpan timeout, TimeProvider time, TimeSpan whileComputing = default)
{
    private readonly Lock _lock = new();
    private Task<T>? _task;
    private Task<T>? _former;
    private long _endedAt;
    private long _formerEndedAt;

    public Task<T> GetAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_task is null || (_task.IsCompleted && time.GetElapsedTime(_endedAt) >= validFor))
                (_former, _formerEndedAt, _task) = (_task, _endedAt, RunAsync());
            var stands = !_task.IsCompleted && _former is { IsCompletedSuccessfully: true } && time.GetElapsedTime(_formerEndedAt) < validFor + whileComputing;
            return (stands ? _former! : _task).WaitAsync(cancellationToken);
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
