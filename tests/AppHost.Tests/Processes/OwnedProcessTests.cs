using AppHost.Processes;
using Testing;

namespace AppHost.Tests.Processes;

public sealed class OwnedProcessTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly string _folder = Directory.CreateDirectory(TestFolder.New()).FullName;

    private string Log => Path.Combine(_folder, "log");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_variable_whose_name_has_a_dot_reaches_the_program()
    {
        await using var process = await OwnedProcess.StartAsync("env", ["env"], Log, new Dictionary<string, string?> { ["Kafka__Client__security.protocol"] = "SSL" });
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Contains("Kafka__Client__security.protocol=SSL", await File.ReadAllLinesAsync(Log, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Its_pid_is_the_programs_own_and_its_output_goes_to_its_log()
    {
        await using var process = await OwnedProcess.StartAsync("greeter", ["/bin/sh", "-c", "echo $$ $GREETING; exec sleep 1000"], Log,
            new Dictionary<string, string?> { ["GREETING"] = "hello" });

        await Eventually.Async(() => process.LogTail() == $"{process.Pid} hello", Patience, "the program has said its pid");
    }

    [Fact]
    public async Task Its_exit_code_is_the_programs()
    {
        await using var process = await OwnedProcess.StartAsync("exits", ["/bin/sh", "-c", "exit 7"], Log);
        Assert.Equal(7, await process.WaitForExitAsync().WaitAsync(Patience));
        Assert.True(process.HasExited);
    }

    [Fact]
    public async Task A_program_that_ignores_the_polite_signal_is_killed_after_the_patience()
    {
        await using var process = await OwnedProcess.StartAsync("deaf", ["/bin/sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"], Log);
        await Eventually.Async(() => process.LogTail() == "deaf", Patience, "the program has begun to ignore signals");

        Assert.False(await process.StopAsync(TimeSpan.FromMilliseconds(200)));

        Assert.Null(ProcessIdentity.Of(process.Pid));
    }

    [Fact]
    public async Task A_program_that_stands_still_with_what_it_started_goes_on_and_ends()
    {
        await using var process = await OwnedProcess.StartAsync("still", ["/bin/sh", "-c", "sleep 1000 & echo $!; trap 'kill $!; wait; exit 0' TERM; wait"], Log);
        var child = 0;
        await Eventually.Async(() => int.TryParse(process.LogTail(), out child), Patience, "it has started a program of its own");
        ProcessIdentity[] both = [ProcessIdentity.Of(process.Pid)!, ProcessIdentity.Of(child)!];
        foreach (var one in both)
            one.Send(PosixSignalNumber.Stop);

        Assert.True(await process.StopAsync(Patience));

        Assert.All(both, one => Assert.False(one.IsAlive));
    }

    [Fact]
    public async Task A_reused_id_is_not_the_process()
    {
        await using var process = await OwnedProcess.StartAsync("sleeper", ["/bin/sleep", "1000"], Log);
        var identity = ProcessIdentity.Of(process.Pid)!;
        var stranger = identity with { Start = "another boot:1" };

        stranger.Send(PosixSignalNumber.Kill);

        Assert.False(stranger.IsAlive);
        Assert.True(identity.IsAlive);
    }
}
