using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Architecture.Tests.Deployment;

/// <summary>deploy/healthcheck.sh, which the images use.</summary>
public sealed class HealthCheckTests
{
    [Theory]
    [InlineData("/well", true)]
    [InlineData("/ill", false)]
    public async Task A_container_is_healthy_if_and_only_if_it_answers_200(string path, bool healthy)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapGet("/well", () => Results.Text("fine"));
        app.MapGet("/ill", () => Results.StatusCode(503));
        await app.StartAsync();
        Assert.Equal(healthy, await CheckAsync(new Uri(app.Urls.Single()).Port, path));
    }

    [Fact]
    public async Task A_container_that_does_not_listen_is_not_healthy()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp); // bound, so that no one else is; never listening
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.False(await CheckAsync(((IPEndPoint)taken.LocalEndPoint!).Port, "/well"));
    }

    private static async Task<bool> CheckAsync(int port, string path)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", [Repository.At("deploy/healthcheck.sh"), $"{port}", path]) { RedirectStandardError = true })!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode == 0;
    }
}
