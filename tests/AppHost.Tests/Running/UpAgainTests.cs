using System.Net;
using System.Text;
using AppHost.Processes;
using AppHost.Running;
using Testing;

namespace AppHost.Tests.Running;

/// <summary><c>./dev up</c> beside a system that runs, which is only described here.</summary>
public sealed class UpAgainTests : IDisposable
{
    private readonly string _data = Directory.CreateDirectory(TestFolder.New()).FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Theory]
    [InlineData]
    [InlineData("--silos", "2", "--kafka", "emulator")]
    [InlineData("--port", "5090", "--", "kafka:partitions=8")]
    [InlineData("--", "Kafka:BootstrapServers=127.0.0.1:9", "ConnectionStrings:Postgres=Host=127.0.0.1")] // its own, as env prints them
    public async Task What_is_gone_comes_back_where_nothing_else_is_asked_for(params string[] arguments)
    {
        var (exit, said) = await UpAsync(arguments);
        Assert.Contains("brought back: silo-1.", said, StringComparison.Ordinal);
        Assert.True(exit == 0, said);
    }

    [Theory]
    [InlineData("--silos 3 (it has 2)", "--silos", "3")]
    [InlineData("--port 5080 (it was given 5090)", "--port", "5080")]
    [InlineData("--kafka broker:9092 (it has emulator)", "--kafka", "broker:9092")]
    [InlineData("--no-demo (it has a load)", "--no-demo")]
    [InlineData("Kafka:Partitions", "--", "Kafka:Partitions=4")]
    [InlineData("--silos 1 (it has 2), Jobs:MaxKeys", "--silos", "1", "--", "Jobs:MaxKeys=7")]
    public async Task What_it_was_not_started_with_is_said_and_what_is_gone_comes_back_all_the_same(string other, params string[] arguments)
    {
        var (exit, said) = await UpAsync(arguments);
        Assert.Contains("brought back: silo-1.", said, StringComparison.Ordinal);
        Assert.EndsWith($"and another start: {other}.\n", said, StringComparison.Ordinal);
        Assert.Equal(4, exit);
    }

    [Fact]
    public async Task A_setting_that_was_changed_in_the_file_is_said()
    {
        await File.WriteAllTextAsync(Path.Combine(_data, "settings.json"), """{ "Jobs": { "MaxKeys": 7 } }""", TestContext.Current.CancellationToken);
        Assert.Equal(4, (await UpAsync()).Exit);
    }

    [Fact]
    public void No_value_of_a_setting_is_written_down() =>
        Assert.DoesNotContain("secret", string.Join(' ', Started("Kafka:Client:sasl.password=secret").Settings.Values), StringComparison.Ordinal);

    private StartedWith Started(params string[] settings) => StartedWith.Of(new UpOptions(_data, 2, 5090, true, "emulator", Settings.Load("/", settings)));

    private async Task<(int Exit, string Said)> UpAsync(params string[] arguments)
    {
        await using var host = await OwnedProcess.StartAsync("host", ["sleep", "600"], Path.Combine(_data, "host.log"));
        var control = $"http://127.0.0.1:{FreePort.Any()}/";
        using var listener = new HttpListener { Prefixes = { control } };
        listener.Start();
        var identity = ProcessIdentity.Of(host.Pid)!;
        new Endpoints
        {
            Ready = true,
            Control = control.TrimEnd('/'),
            Kafka = "127.0.0.1:9",
            Postgres = "Host=127.0.0.1",
            StartedWith = Started("Kafka:Partitions=8"),
            Processes = [new("apphost", identity.Pid, identity.Start, 0, host.LogFile)],
        }.Write(_data);

        await using var up = await OwnedProcess.StartAsync("up", Programs.Command("AppHost", ["up", "--data", _data, .. arguments]), Path.Combine(_data, "said.log"));
        var call = await listener.GetContextAsync().WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        call.Response.Close(Encoding.UTF8.GetBytes("""{"parts":["silo-1"]}"""), willBlock: false);
        var exit = await up.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (exit, await File.ReadAllTextAsync(up.LogFile, TestContext.Current.CancellationToken));
    }
}
