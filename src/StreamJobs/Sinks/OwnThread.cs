namespace StreamJobs.Sinks;

/// <summary>
/// Runs what waits for Kafka: librdkafka's calls block, for seconds while it is away. The thread pool, which serves every grain, has as many threads as there
/// are cores, and gets further ones only slowly: a few partitions with results at the same moment would hold up all else.
/// </summary>
internal static class OwnThread
{
    public static Task RunAsync(Action call) => Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public static Task<T> RunAsync<T>(Func<T> call) => Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Disposes of something when a call on it has ended, however it ends; nobody waits for that.</summary>
    public static Task DisposeAfterAsync(Task call, IDisposable used) =>
        call.ContinueWith(_ => used.Dispose(), CancellationToken.None, TaskContinuationOptions.LongRunning, TaskScheduler.Default);
}
