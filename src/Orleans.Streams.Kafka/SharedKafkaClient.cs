namespace Orleans.Streams.Kafka;

/// <summary>
/// A Confluent.Kafka client that several threads call. Confluent.Kafka does not count the calls on a native client: one that runs while another
/// thread disposes of the client, or begins a moment later, reads freed memory and ends the process. Here disposal waits for the calls that run
/// and refuses later ones.
/// </summary>
/// <typeparam name="TClient">The client's type.</typeparam>
/// <param name="create">Makes the client, at the first call.</param>
/// <param name="close">Comes before the client's disposal, when no call runs any more. Null: nothing does.</param>
public sealed class SharedKafkaClient<TClient>(Func<TClient> create, Action<TClient>? close = null) : IDisposable
    where TClient : class, IDisposable
{
    private readonly Lazy<TClient> _client = new(create);
    private readonly CountdownEvent _users = new(1); // the first is whoever disposes
    private int _disposed;

    /// <summary>Calls the client. A call that only begins something, and returns its task, counts until it returns.</summary>
    /// <param name="call">The call; it may block.</param>
    /// <exception cref="ObjectDisposedException">The client is disposed of, or about to be.</exception>
    public TResult Call<TResult>(Func<TClient, TResult> call)
    {
        Enter();
        try
        {
            return call(_client.Value);
        }
        finally
        {
            _users.Signal();
        }
    }

    /// <summary>Calls the client; the call counts until its task ends.</summary>
    /// <param name="call">The call.</param>
    /// <exception cref="ObjectDisposedException">The client is disposed of, or about to be.</exception>
    public async Task<TResult> CallAsync<TResult>(Func<TClient, Task<TResult>> call)
    {
        Enter();
        try
        {
            return await call(_client.Value).ConfigureAwait(false);
        }
        finally
        {
            _users.Signal();
        }
    }

    /// <summary>Waits for the calls that run, which must end by themselves, then disposes of the client.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _users.Signal();
        _users.Wait();
        if (_client.IsValueCreated)
        {
            using var client = _client.Value;
            close?.Invoke(client);
        }
    }

    private void Enter()
    {
        // The flag stops a stream of calls that would never let the count reach zero; at zero the count takes no one in.
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0 || !_users.TryAddCount(), this);
    }
}
