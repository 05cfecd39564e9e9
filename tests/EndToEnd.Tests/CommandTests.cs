using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using AppHost.Processes;
using AppHost.Running;
using Testing;

namespace EndToEnd.Tests;

/// <summary>How the commands of <c>./dev</c> end when there is nothing to ask, or nobody waits for the answer.</summary>
public sealed class CommandTests
{
    private readonly string _folder = Directory.CreateDirectory(TestFolder.New()).FullName;

    [Theory]
    [InlineData("topics")]
    [InlineData("tail", "user-events")]
    [InlineData("audit")]
    public async Task Of_a_system_that_is_still_starting_that_is_said(params string[] command)
    {
        await WriteEndpointsAsync(new { api = "", kafka = "", postgres = "", control = "" });
        await using var started = await StartAsync([.. command, "--data", _folder]);
        var (exit, said) = await EndedAsync(started);
        Assert.Equal((2, 1), (exit, said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
        Assert.Contains("it is still starting", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_does_not_answer_is_one_line()
    {
        await using var schemas = await StartAsync("schemas", "--registry", $"http://127.0.0.1:{FreePort.Any()}");
        var (exit, said) = await EndedAsync(schemas);
        Assert.StartsWith("The system does not answer: The schema registry at", said, StringComparison.Ordinal);
        Assert.Equal((2, 1), (exit, said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
    }

    [Fact]
    public async Task Who_stops_watching_a_replay_is_not_told_that_the_system_does_not_answer()
    {
        var address = $"http://127.0.0.1:{FreePort.Any()}/";
        using var api = new HttpListener { Prefixes = { address } };
        api.Start();
        await WriteEndpointsAsync(new { api = address });
        await using var watch = await StartAsync("replay", "p", "--watch", "--data", _folder);
        for (var i = 0; i < 2; i++)
        {
            var call = await api.GetContextAsync();
            call.Response.Close(Encoding.UTF8.GetBytes("""{"id":1,"state":"running","done":1,"total":2,"rate":1}"""), willBlock: false);
        }

        await Eventually.Async(async () => (await File.ReadAllTextAsync(watch.LogFile)).Contains("running", StringComparison.Ordinal), TimeSpan.FromSeconds(30), "it watches");
        watch.Signal(PosixSignalNumber.Term);
        Assert.Equal((130, "running: 1 of 2, 1/s\n"), await EndedAsync(watch));
    }

    [Theory]
    [InlineData("--api must be an http or https address", "--api", "127.0.0.1:8080")]
    [InlineData("--registry must be an http or https address", "--registry", "nowhere")]
    [InlineData("--postgres must be a connection string", "--postgres", "postgres://me@db/shop")]
    [InlineData("it names no Host", "--postgres", "Database=shop")]
    [InlineData("give --postgres", "--bootstrap", "broker:9092")]
    [InlineData("give --postgres", "--bootstrap", "broker:9092", "--certificate", "c.json")]
    [InlineData("give --postgres", "--bootstrap", "broker:9092", "--verify", "c.json")]
    [InlineData("give --bootstrap", "--postgres", "Host=db")]
    [InlineData("give --bootstrap", "--postgres", "Host=db", "--certificate", "c.json")]
    public async Task An_audit_that_cannot_be_begun_is_no_difference(string reason, params string[] arguments)
    {
        await WriteEndpointsAsync(new { api = "http://127.0.0.1:1", kafka = "127.0.0.1:1", postgres = "Host=127.0.0.1;Port=1", control = "" });
        await using var audit = await StartAsync(["audit", .. arguments, "--data", _folder]);
        var (exit, said) = await EndedAsync(audit);
        Assert.Equal((2, 1), (exit, said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
        Assert.Contains(reason, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_audit_that_is_stopped_is_no_difference()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var audit = await StartAsync("audit", "--bootstrap", "127.0.0.1:1", "--postgres", $"Host=127.0.0.1;Port={((IPEndPoint)silent.LocalEndpoint).Port};Username=u", "--certificate", "c.json");
        using var asks = await silent.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        audit.Signal(PosixSignalNumber.Term);
        var (exit, said) = await EndedAsync(audit);
        Assert.True(exit is 130 or 143, $"{exit} {said}"); // the latter when it takes longer than two seconds to end
    }

    private Task WriteEndpointsAsync<T>(T endpoints) => File.WriteAllTextAsync(Path.Combine(_folder, "endpoints.json"), JsonSerializer.Serialize(endpoints));

    private Task<OwnedProcess> StartAsync(params string[] command) => OwnedProcess.StartAsync(command[0], Programs.Command("Cli", command), Path.Combine(_folder, "said.log"));

    private static async Task<(int Exit, string Said)> EndedAsync(OwnedProcess process)
    {
        var exit = await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (exit, await File.ReadAllTextAsync(process.LogFile));
    }
}
