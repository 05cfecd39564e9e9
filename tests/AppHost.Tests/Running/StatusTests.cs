using System.Net;
using System.Net.Sockets;
using AppHost.Processes;
using AppHost.Running;
using Testing;

namespace AppHost.Tests.Running;

/// <summary><c>./dev status</c> and <c>env</c>, of a system that is only described.</summary>
public sealed class StatusTests
{
    [Fact]
    public async Task A_system_that_is_still_starting_is_not_asked_for_its_health()
    {
        var (exit, said) = await RunAsync("status", new Endpoints());
        Assert.EndsWith("It is still starting: Postgres and Kafka come first.\n", said, StringComparison.Ordinal);
        Assert.Equal(1, exit);
    }

    [Fact]
    public async Task A_Postgres_that_takes_connections_and_answers_nothing_is_said_to_be_silent()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0); // as one that was stopped (SIGSTOP)
        silent.Start();
        var port = ((IPEndPoint)silent.LocalEndpoint).Port;
        var (exit, said) = await RunAsync("status", new Endpoints
        {
            Api = $"http://127.0.0.1:{FreePort.Any()}",
            Postgres = $"Host=127.0.0.1;Port={port};Username=u;Database=d",
            Kafka = $"127.0.0.1:{port}",
            KafkaKind = Endpoints.GivenKafka,
        });
        Assert.Contains("postgres: it does not answer within 2 s", said, StringComparison.Ordinal);
        Assert.Matches(@"kafka +- +answers", said); // of a broker that is not ours it is only tried whether it can be reached
        Assert.Equal(1, exit);
    }

    [Fact]
    public async Task The_addresses_are_printed_as_a_shell_takes_them()
    {
        var (exit, said) = await RunAsync("env", new Endpoints { Kafka = "127.0.0.1:9092", KafkaIncarnation = "i", Postgres = "Host=h;Password=it's", Registry = "http://127.0.0.1/r" });
        Assert.StartsWith(
            """
            export ConnectionStrings__Postgres='Host=h;Password=it'\''s'
            export Kafka__BootstrapServers=127.0.0.1:9092
            export Kafka__Incarnation=i
            export Kafka__OnGap=SkipToEarliest
            export SchemaRegistry__Url=http://127.0.0.1/r

            """, said, StringComparison.Ordinal);
        Assert.Equal(0, exit);
    }

    private static async Task<(int Exit, string Said)> RunAsync(string command, Endpoints endpoints)
    {
        var data = Directory.CreateDirectory(TestFolder.New()).FullName;
        await using var host = await OwnedProcess.StartAsync("host", ["sleep", "60"], Path.Combine(data, "host.log"));
        var identity = ProcessIdentity.Of(host.Pid)!;
        (endpoints with { Processes = [new("apphost", identity.Pid, identity.Start, 0, host.LogFile)] }).Write(data);

        await using var run = await OwnedProcess.StartAsync(command, Programs.Command("AppHost", command, "--data", data), Path.Combine(data, "said.log"));
        var exit = await run.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (exit, await File.ReadAllTextAsync(run.LogFile, TestContext.Current.CancellationToken));
    }
}
