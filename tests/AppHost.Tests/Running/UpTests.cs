using System.Diagnostics;
using AppHost.Processes;
using AppHost.Running;
using Testing;

namespace AppHost.Tests.Running;

/// <summary>The host as the user runs it: a process with the real programs, on the emulator.</summary>
public sealed class UpTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly string _data = TestFolder.New();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        var (code, said) = await RunAsync("down");
        Assert.True(code == 0, said);
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Killing_the_host_leaves_nothing_running()
    {
        using var host = Start("up", "--no-demo", "--kafka", "emulator", "--port", "5290");
        var running = await RunningAsync("postgres", "silo-1", "api");

        host.Kill();

        await Eventually.Async(() => running.Processes.All(p => !p.Identity.IsAlive), TimeSpan.FromSeconds(30), "every process of the killed host is gone");
    }

    [Fact]
    public async Task The_demos_first_event_is_told_and_where_it_is_to_be_seen()
    {
        using var host = Start("up", "--kafka", "emulator", "--port", "5293");
        using var limit = new CancellationTokenSource(Patience);
        var said = "";
        while (!said.Contains("The first event was on the page", StringComparison.Ordinal))
            said += await host.StandardOutput.ReadLineAsync(limit.Token) ?? throw new InvalidOperationException($"The host ended: {said}{await host.StandardError.ReadToEndAsync()}");
        Assert.Contains("/users/", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_silo_comes_back_and_so_does_Postgres()
    {
        using var host = Start("up", "--no-demo", "--kafka", "emulator", "--port", "5291");
        var before = await RunningAsync("postgres", "silo-1", "api");

        foreach (var name in (string[])["silo-1", "postgres"])
            before.Processes.Single(p => p.Name == name).Identity.Send(PosixSignalNumber.Kill);

        var after = await Eventually.Async(() => Task.FromResult(Endpoints.Read(_data)),
            e => e is not null && e.Processes.All(p => p.Pid is not null && p.Restarts >= (p.Name is "silo-1" or "postgres" ? 1 : 0)), Patience, "silo and Postgres run again");
        Assert.Equal(before.Postgres, after!.Postgres);
        Assert.NotEqual(before.SiloPids, after.SiloPids);
    }

    [Fact]
    public async Task Stopping_ends_every_process_and_takes_the_addresses_away()
    {
        using var host = Start("up", "--no-demo", "--kafka", "emulator", "--port", "5292");
        var running = await RunningAsync("postgres", "silo-1", "api");

        var (code, said) = await RunAsync("down");

        Assert.True(code == 0, said);
        Assert.All(running.Processes, p => Assert.False(p.Identity.IsAlive, p.Name));
        Assert.Null(Endpoints.Read(_data));
        Assert.Equal(3, (await RunAsync("status")).Code);
    }

    [Fact]
    public async Task A_silo_that_cannot_start_is_told_at_once_and_not_when_the_API_has_been_waited_for()
    {
        using var host = Start("up", "--no-demo", "--kafka", "emulator", "--port", "5294", "--", "Aggregates:SnapshotEvery=0");
        var errors = host.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Patience); // the API would be waited for as long, after its own start
        await host.WaitForExitAsync(limit.Token);
        Assert.Equal(1, host.ExitCode);
        Assert.Contains("Aggregates:SnapshotEvery", await errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_in_the_background_starts_no_other_however_it_was_asked_for()
    {
        var (code, said) = await RunAsync("up", "--detach=true", "--no-demo", "--kafka", "emulator", "--port", "5295");
        Assert.True(code == 0, said);
    }

    [Fact]
    public async Task Where_nothing_has_run_there_is_nothing_to_stop_which_is_said()
    {
        Assert.Equal((0, $"Nothing runs on {_data}.\n"), await RunAsync("down"));
        Directory.CreateDirectory(_data);
    }

    private async Task<Endpoints> RunningAsync(params string[] parts) => (await Eventually.Async(() => Task.FromResult(Endpoints.Read(_data)),
        e => e is not null && parts.All(name => e.Processes.Any(p => p.Name == name && p.Pid is not null)), Patience, $"{string.Join(", ", parts)} run"))!;

    private Process Start(params string[] arguments)
    {
        string[] command = Programs.Command("AppHost", [arguments[0], "--data", _data, .. arguments[1..]]);
        return Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    private async Task<(int Code, string Said)> RunAsync(params string[] command)
    {
        using var process = Start(command);
        var said = (Out: process.StandardOutput.ReadToEndAsync(), Errors: process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await said.Out + await said.Errors);
    }
}
