using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace EventPlatform.AspNetCore.Hosting;

/// <summary>
/// Refuses to listen where other machines can reach: the API has no authentication of its own. Kestrel asks for each address before it
/// binds it, wherever the address came from: urls, Kestrel:Endpoints, environment or code.
/// </summary>
internal sealed partial class ListenGuard(IOptions<ApiOptions> options, ILogger<ListenGuard> logger) : IConfigureOptions<KestrelServerOptions>
{
    public void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.ConfigureEndpointDefaults(Check);
    }

    private void Check(ListenOptions listen)
    {
        if (listen.SocketPath is not null || listen.PipeName is not null || listen.IPEndPoint is { } ip && IPAddress.IsLoopback(ip.Address))
            return;
        if (!options.Value.AllowAnonymous) // read here, not above: by now every option has been validated
            throw new StartupException(
                $"The API would listen on {listen}, where other machines can reach it, and it has no authentication. "
                + "Listen on 127.0.0.1 or localhost; or, where a network policy or a proxy decides who may come in, set Api:AllowAnonymous=true.");
        LogOpen(listen.ToString()!);
    }

    [LoggerMessage(5100, LogLevel.Warning, "Listening on {Address} without authentication, as Api:AllowAnonymous=true says: everyone who reaches it may read and change everything.")]
    private partial void LogOpen(string address);
}
