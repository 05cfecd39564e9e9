namespace Orleans.Streams.Kafka;

/// <summary>
/// Runs what waits for Kafka: librdkafka's calls block, for seconds when it has just gone away. The thread pool, which serves every grain, has as many threads
/// as there are cores, and gets further ones only slowly: a few partitions that ask at the same moment would hold up all else.
/// </summary>
public static class OwnThread
{
    /// <summary>Runs a call that blocks.</summary>
    /// <param name="call">The call. A client that it uses must live until it has ended.</param>
    public static Task<T> RunAsync<T>(Func<T> call) => Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
