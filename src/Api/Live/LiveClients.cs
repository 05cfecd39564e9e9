using System.Threading.Channels;
using Microsoft.Extensions.Options;

namespace Api.Live;

/// <summary>
/// The clients of the live feed. Each has a small buffer of messages that all share; one that does not keep up loses its
/// connection, and costs the others nothing.
/// </summary>
internal sealed partial class LiveClients(IOptions<LiveOptions> options, ILogger<LiveClients> logger)
{
    /// <summary>At two snapshots a second a client may stand still for four seconds.</summary>
    internal const int BufferedMessages = 8;

    private readonly Lock _lock = new();
    private readonly HashSet<LiveClient> _clients = [];

    public int Count
    {
        get
        {
            lock (_lock)
                return _clients.Count;
        }
    }

    /// <summary>Adds a client whose first message is <paramref name="first"/>, or returns null when there are as many as allowed.</summary>
    public LiveClient? TryAdd(byte[] first)
    {
        var client = new LiveClient(BufferedMessages);
        client.Send(first);
        lock (_lock)
            return _clients.Count < options.Value.MaxLiveClients && _clients.Add(client) ? client : null;
    }

    public void Remove(LiveClient client)
    {
        lock (_lock)
            _clients.Remove(client);
    }

    /// <summary>Gives the message to every client that has room for it, and lets the others go. Never waits.</summary>
    public void Broadcast(byte[] message)
    {
        LiveClient[] slow;
        lock (_lock)
        {
            slow = [.. _clients.Where(client => !client.Send(message))];
            foreach (var client in slow)
                _clients.Remove(client);
        }

        foreach (var client in slow)
        {
            client.Drop();
            LogDropped(BufferedMessages);
        }
    }

    [LoggerMessage(5130, LogLevel.Information, "A client of the live feed was let go: it left {Messages} messages unread.")]
    private partial void LogDropped(int messages);
}

/// <summary>One client's buffer.</summary>
internal sealed class LiveClient(int capacity)
{
    private readonly Channel<byte[]> _messages = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(capacity) { SingleReader = true });
    private readonly CancellationTokenSource _dropped = new();

    public ChannelReader<byte[]> Messages => _messages.Reader;

    /// <summary>Cancelled when the client was too slow.</summary>
    public CancellationToken Dropped => _dropped.Token;

    public bool Send(byte[] message) => _messages.Writer.TryWrite(message);

    public void Drop()
    {
        _messages.Writer.TryComplete();
        _dropped.Cancel();
    }
}
