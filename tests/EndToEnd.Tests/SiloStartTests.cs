using AppHost.Processes;
using AppHost.Running;
using Testing;

namespace EndToEnd.Tests;

public sealed class SiloStartTests
{
    [Fact]
    public async Task Every_wrong_option_of_a_silo_is_named_in_one_start()
    {
        var log = Path.Combine(Directory.CreateDirectory(TestFolder.New()).FullName, "silo.log");
        await using var silo = await OwnedProcess.StartAsync("silo", Programs.Command("Silo"), log, new Dictionary<string, string?>
        {
            ["ConnectionStrings__Postgres"] = "Host=127.0.0.1;Port=1;Database=none",
            ["EventStore__Schema"] = "No!",
            ["Intake__MaxFutureSkew"] = "00:00:00",
            ["Projections__PageSize"] = "0",
            ["Aggregates__SnapshotEvery"] = "0",
            ["Kafka__MaxBatchRecords"] = "0",
            ["Kafka__Client__acks"] = "1",
            ["SchemaRegistry__Url"] = "nowhere",
        });
        Assert.Equal(1, await silo.WaitForExitAsync(TestContext.Current.CancellationToken));
        var said = await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken);
        Assert.All(
            ["EventStore:Schema", "Intake:MaxFutureSkew", "Projections:PageSize", "Aggregates:SnapshotEvery", "MaxBatchRecords", "Client['acks']", "BootstrapServers", "SchemaRegistry:Url"],
            name => Assert.Contains(name, said, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_database_a_silo_says_which_setting_is_missing()
    {
        var log = Path.Combine(Directory.CreateDirectory(TestFolder.New()).FullName, "silo.log");
        await using var silo = await OwnedProcess.StartAsync("silo", Programs.Command("Silo"), log, new Dictionary<string, string?> { ["ConnectionStrings__Postgres"] = "" });
        Assert.Equal(1, await silo.WaitForExitAsync(TestContext.Current.CancellationToken));
        var said = await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken);
        Assert.StartsWith("The silo cannot start", said, StringComparison.Ordinal);
        Assert.Contains("ConnectionStrings__Postgres", said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
    }
}
