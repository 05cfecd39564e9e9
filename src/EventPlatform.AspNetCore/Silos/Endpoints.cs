using System.Net;
using System.Net.Sockets;
using Orleans.Configuration;

namespace EventPlatform.AspNetCore.Silos;

internal static class Endpoints
{
    /// <summary>
    /// Where silos and clients reach this one: <c>Silo:Port</c>, <c>Silo:GatewayPort</c> and <c>Silo:AdvertisedAddress</c>, an address or a name
    /// that resolves to one of this machine's (loopback unless set: a cluster on several machines sets it).
    /// </summary>
    public static ISiloBuilder UseLoopbackEndpoints(this ISiloBuilder silo)
    {
        var settings = silo.Configuration.GetSection("Silo");
        var address = Resolve(settings["AdvertisedAddress"] ?? "127.0.0.1");
        return silo.Configure<EndpointOptions>(options =>
        {
            options.AdvertisedIPAddress = address;
            options.SiloPort = settings.GetValue("Port", 11111);
            options.GatewayPort = settings.GetValue("GatewayPort", 30000);
        });
    }

    private static IPAddress Resolve(string nameOrAddress)
    {
        try
        {
            return IPAddress.TryParse(nameOrAddress, out var address) ? address
                : Dns.GetHostAddresses(nameOrAddress).MinBy(found => found.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)!;
        }
        catch (SocketException e)
        {
            throw new InvalidOperationException(
                $"Silo:AdvertisedAddress '{nameOrAddress}' is neither an IP address nor a name that resolves ({e.Message}). "
                + "Set it to where the other silos reach this machine, or leave it out for a cluster on one machine.", e);
        }
    }
}
