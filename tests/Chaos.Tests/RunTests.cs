using Chaos.Running;
using Chaos.Schedule;
using Testing;

namespace Chaos.Tests;

/// <summary>A short run of everything: real processes, faults from a seed, judged.</summary>
public sealed class RunTests
{
    [Fact]
    public async Task Two_silos_that_are_killed_and_cut_off_keep_every_promise()
    {
        var seed = Seed.Next() % 1_000;
        PlannedFault[] schedule = [new(1, FaultKind.SiloKilled, seed, 0), new(3, FaultKind.BackendsTerminated, 0, 0), new(5, FaultKind.ConnectionsCut, seed, 0)];
        var options = new ChaosOptions(
            seed, schedule.Length, TimeSpan.FromSeconds(8), Silos: 2, RealKafka: false, Directory.CreateDirectory(TestFolder.New()).FullName, Rate: 300, Keys: 100, Schedule: schedule);
        var report = await ChaosRun.ExecuteAsync(
            options, null, TimeSpan.FromSeconds(90), audit: false, line => TestContext.Current.TestOutputHelper?.WriteLine(line), TestContext.Current.CancellationToken);
        Assert.True(report.Classes.Count == 0, report.ToText());
        Assert.True(report.Acknowledged > 1_000 && report.CommandsAnswered > 0 && report.Reads > 0, report.ToText());
        Assert.All(report.Faults, fault => Assert.True(fault.Counts, fault.ToString()));
    }
}
