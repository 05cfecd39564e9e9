using Api.Live;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Api.Tests;

/// <summary>The API as it is run, on Kestrel and a free port of loopback.</summary>
public sealed class ApiServer : WebApplicationFactory<LiveOptions>
{
    private readonly IReadOnlyDictionary<string, string> _settings;

    public ApiServer(IReadOnlyDictionary<string, string> settings)
    {
        _settings = settings;
        UseKestrel(0);
        StartServer();
    }

    public HttpClient Client => field ??= CreateClient();

    public Uri Address => Client.BaseAddress!;

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment("Production");
        foreach (var (name, value) in _settings)
            builder.UseSetting(name, value);

        builder.ConfigureLogging(logging => logging.ClearProviders());

        // What Orleans' client asks now and then for itself connects it too: a test shows what the API does.
        builder.ConfigureServices(services => services.Configure<TypeManagementOptions>(o => o.TypeMapRefreshInterval = TimeSpan.FromHours(1)));

        // A client that does not read is noticed when the buffers between are full: small ones make that soon.
        builder.ConfigureServices(services => services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = endpoint =>
        {
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            socket.SendBufferSize = 4096;
            return socket;
        }));
    }
}
