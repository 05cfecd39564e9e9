using System.Net;
using System.Net.Sockets;

namespace AppHost.Kafka;

/// <summary>
/// Passes what comes to a port on the loopback interface on to another one. The emulator chooses its own port; clients begin at the one that is kept, are told the
/// emulator's there, and go on with it directly.
/// </summary>
internal sealed class PortForwarder : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TcpListener _listener;
    private readonly int _target;
    private readonly Task _accepting;

    /// <summary>Listens on a port.</summary>
    /// <exception cref="InvalidOperationException">Another program listens there.</exception>
    public PortForwarder(int port, int target)
    {
        (_listener, _target) = (new TcpListener(IPAddress.Loopback, port), target);
        try
        {
            _listener.Start();
        }
        catch (SocketException e)
        {
            throw new InvalidOperationException($"Nothing can listen on port {port}: {e.Message}", e);
        }

        _accepting = AcceptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.RemoveAll(c => c.IsCompleted);
                try
                {
                    connections.Add(PassOnAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
                }
                catch (SocketException)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(100), _stop.Token); // that client is gone, or this process has too many files open: the next one may do better
                }
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task PassOnAsync(TcpClient client)
    {
        using var accepted = client;
        using var server = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
            // Whichever side ends first ends the connection.
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            var (there, back) = (client.GetStream().CopyToAsync(server.GetStream(), ended.Token), server.GetStream().CopyToAsync(client.GetStream(), ended.Token));
            await Task.WhenAny(there, back);
            await ended.CancelAsync();
            await Task.WhenAll(there, back);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // A client that loses its connection makes a new one, and says so itself.
        }
    }
}
