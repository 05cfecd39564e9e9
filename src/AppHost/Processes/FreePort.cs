using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace AppHost.Processes;

/// <summary>Ports on the loopback interface.</summary>
public static class FreePort
{
    // The system gives a port that nobody listens on yet to the next who asks, too.
    private static readonly ConcurrentDictionary<int, bool> Given = [];

    /// <summary>A port that is free now, and was not given by this process before.</summary>
    public static int Any()
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            if (Given.TryAdd(((IPEndPoint)listener.LocalEndpoint).Port, true))
                return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
    }

    /// <summary>A port that was used before or, when it is 0, taken, or was given by this process, a free one.</summary>
    public static int Again(int former) => former is > 0 and <= ushort.MaxValue && IsFree(former) && Given.TryAdd(former, true) ? former : Any();

    /// <summary>Whether nobody listens on a port.</summary>
    public static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The port wished for or, when it is taken or was given by this process before, the next free one.</summary>
    public static int AtOrAfter(int wished) =>
        Enumerable.Range(wished, 200).FirstOrDefault(port => IsFree(port) && Given.TryAdd(port, true)) is > 0 and var given ? given : Any();
}
