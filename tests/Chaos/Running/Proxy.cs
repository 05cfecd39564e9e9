using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Chaos.Running;

/// <summary>Stands between two parts: passes bytes both ways, and cuts or delays connections when told to.</summary>
internal sealed class Proxy : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly int _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, (TcpClient Near, TcpClient Far)> _open = new();
    private readonly Task _accepting;
    private int _number;
    private long _delayed;
    private volatile int _delayMs;

    private Proxy(string name, TcpListener listener, int target)
    {
        (Name, _listener, _target) = (name, listener, target);
        _accepting = AcceptAsync();
    }

    /// <summary>What it stands between.</summary>
    public string Name { get; }

    /// <summary>Where it listens.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections accepted so far.</summary>
    public int Accepted => Volatile.Read(ref _number);

    /// <summary>Bytes that were held back.</summary>
    public long Delayed => Interlocked.Read(ref _delayed);

    /// <summary>How long each piece is held back, in each direction.</summary>
    public TimeSpan Delay
    {
        set => _delayMs = (int)value.TotalMilliseconds;
    }

    /// <summary>Starts one before a port of this machine.</summary>
    /// <param name="name">What it stands between.</param>
    /// <param name="target">The port that it leads to.</param>
    /// <param name="port">Where it listens; 0 for any.</param>
    public static Proxy Start(string name, int target, int port = 0)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        return new Proxy(name, listener, target);
    }

    /// <summary>Resets every connection.</summary>
    /// <returns>How many there were.</returns>
    public int Cut()
    {
        var cut = 0;
        foreach (var (number, pair) in _open)
        {
            if (!_open.TryRemove(number, out _))
                continue;
            cut++;
            Reset(pair.Near);
            Reset(pair.Far);
        }

        return cut;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        Cut();
        await _accepting;
    }

    private static void Reset(TcpClient client)
    {
        try
        {
            client.LingerState = new LingerOption(true, 0);
            client.Close();
        }
        catch (SocketException)
        {
            // It has ended by itself.
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself.
        }
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient near;
            try
            {
                near = await _listener.AcceptTcpClientAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            _ = ServeAsync(near);
        }
    }

    private async Task ServeAsync(TcpClient near)
    {
        var number = Interlocked.Increment(ref _number);
        var far = new TcpClient();
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
            near.NoDelay = far.NoDelay = true;
            _open[number] = (near, far);
            await Task.WhenAny(CopyAsync(near, far), CopyAsync(far, near));
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // One end is gone; so is the other, below.
        }
        finally
        {
            _open.TryRemove(number, out _);
            Reset(near);
            Reset(far);
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to)
    {
        try
        {
            var (source, target, buffer) = (from.GetStream(), to.GetStream(), new byte[64 * 1024]);
            for (int read; (read = await source.ReadAsync(buffer, _stop.Token)) > 0;)
            {
                if (_delayMs is > 0 and var delay)
                {
                    Interlocked.Add(ref _delayed, read);
                    await Task.Delay(delay, _stop.Token);
                }

                await target.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            }
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Cut, or ended: the caller closes both.
        }
    }
}
