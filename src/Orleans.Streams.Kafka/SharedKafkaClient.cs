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
    private readonly Lock _lock = new();
    private Counted _current = new(create);
    private bool _disposed;

    /// <summary>Calls the client. A call that only begins something, and returns its task, counts until it returns.</summary>
    /// <param name="call">The call; it may block.</param>
    /// <exception cref="ObjectDisposedException">The client is disposed of, or about to be.</exception>
    public TResult Call<TResult>(Func<TClient, TResult> call)
    {
        var client = Enter();
        try
        {
            return call(client.Value);
        }
        finally
        {
            client.Leave();
        }
    }

    /// <summary>Calls the client; the call counts until its task ends.</summary>
    /// <param name="call">The call.</param>
    /// <exception cref="ObjectDisposedException">The client is disposed of, or about to be.</exception>
    public async Task<TResult> CallAsync<TResult>(Func<TClient, Task<TResult>> call)
    {
        var client = Enter();
        try
        {
            return await call(client.Value).ConfigureAwait(false);
        }
        finally
        {
            client.Leave();
        }
    }

    /// <summary>
    /// Replaces a client that will never work again, as a producer after a fatal error: the next call makes a new one, and this one is disposed of when its calls have
    /// ended. May be called from the client's own callbacks. Does nothing for a client that was replaced before.
    /// </summary>
    /// <param name="failed">The client.</param>
    /// <param name="drain">Comes before its disposal, beside the caller, and may take as long as its calls' outcomes do. Null: nothing does.</param>
    public void Replace(TClient failed, Action<TClient>? drain = null)
    {
        lock (_lock)
        {
            if (_disposed || !_current.Is(failed))
            {
                return;
            }

            var former = _current;
            _current = new(create);
            _ = Task.Factory.StartNew(() => former.Close(drain), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default); // not here: a callback that waits for its own client waits for ever
        }
    }

    /// <summary>Waits for the calls that run, which must end by themselves, then disposes of the client. One that was replaced is not waited for: it ends by itself, or with the process.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        _current.Close(close);
    }

    private Counted Enter()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _current.Enter();
        }
    }

    /// <summary>One client, and how many calls run on it.</summary>
    private sealed class Counted(Func<TClient> create)
    {
        private readonly Lazy<TClient> _client = new(create);
        private readonly CountdownEvent _users = new(1); // the first is whoever closes

        public TClient Value => _client.Value;

        public bool Is(TClient client) => _client.IsValueCreated && ReferenceEquals(_client.Value, client);

        public Counted Enter()
        {
            _users.AddCount();
            return this;
        }

        public void Leave() => _users.Signal();

        public void Close(Action<TClient>? closing)
        {
            _users.Signal();
            _users.Wait();
            if (_client.IsValueCreated)
            {
                using var client = _client.Value;
                closing?.Invoke(client);
            }
        }
    }
}
