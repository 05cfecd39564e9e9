using System.Net;
using Orleans.Configuration;

namespace Silo;

internal static class Endpoints
{
    /// <summary>
    /// Where silos and clients reach this one: <c>Silo:Port</c>, <c>Silo:GatewayPort</c> and <c>Silo:AdvertisedAddress</c> (loopback unless set:
    /// a cluster on several machines sets it).
    /// </summary>
    public static ISiloBuilder UseLoopbackEndpoints(this ISiloBuilder silo)
    {
        var settings = silo.Configuration.GetSection("Silo");
        var address = IPAddress.Parse(settings["AdvertisedAddress"] ?? "127.0.0.1");
        return silo.Configure<EndpointOptions>(options =>
        {
            options.AdvertisedIPAddress = address;
            options.SiloPort = settings.GetValue("Port", 11111);
            options.GatewayPort = settings.GetValue("GatewayPort", 30000);
        });
    }
}
