using AppHost.Processes;
using AppHost.Running;
using Testing;

namespace AppHost.Tests.Running;

/// <summary><c>./dev status</c>.</summary>
public sealed class StatusTests
{
    [Fact]
    public async Task A_system_that_is_still_starting_is_not_asked_for_its_health()
    {
        var data = Directory.CreateDirectory(TestFolder.New()).FullName;
        await using var host = await OwnedProcess.StartAsync("host", ["sleep", "60"], Path.Combine(data, "host.log"));
        var identity = ProcessIdentity.Of(host.Pid)!;
        new Endpoints { Processes = [new("apphost", identity.Pid, identity.Start, 0, host.LogFile)] }.Write(data);

        await using var status = await OwnedProcess.StartAsync("status", Programs.Command("AppHost", "status", "--data", data), Path.Combine(data, "status.log"));
        var exit = await status.WaitForExitAsync(TestContext.Current.CancellationToken);
        var said = await File.ReadAllTextAsync(status.LogFile, TestContext.Current.CancellationToken);
        Assert.EndsWith("It is still starting: Postgres and Kafka come first.\n", said, StringComparison.Ordinal);
        Assert.Equal(1, exit);
    }
}
