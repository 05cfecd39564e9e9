using AppHost.Running;
using Testing;

namespace AppHost.Tests.Running;

public sealed class SettingsTests : IDisposable
{
    private readonly string _folder = Directory.CreateDirectory(TestFolder.New()).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_command_line_wins_over_the_file_and_both_reach_the_children()
    {
        Write("""{ "Intake": { "MaxFutureSkew": "1.00:00:00" }, "Kafka": { "Partitions": 8 } }""");
        var settings = Settings.Load(_folder, ["Kafka:Partitions=16", "A:B=x=y"]);

        Assert.Equal("16", settings["Kafka:Partitions"]);
        var environment = settings.ToEnvironment();
        Assert.Equal(("1.00:00:00", "16", "x=y"), (environment["Intake__MaxFutureSkew"], environment["Kafka__Partitions"], environment["A__B"]));
    }

    [Fact]
    public void Every_malformed_setting_is_named()
    {
        var refusal = Assert.Throws<InvalidOperationException>(() => Settings.Load(_folder, ["good=1", "bad", "=worse"]));
        Assert.Contains("'bad', '=worse'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_JSON_is_named()
    {
        Write("{ not json");
        var refusal = Assert.Throws<InvalidOperationException>(() => Settings.Load(_folder, []));
        Assert.Contains(Path.Combine(_folder, "settings.json"), refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_mistyped_setting_of_the_file_is_named_with_the_one_that_was_meant()
    {
        Write("""{ "Kafka": { "Partitons": 8, "Client": { "security.protocol": "SSL" } }, "Intak": { "MaxFutureSkew": "00:01:00" }, "MyOwn": { "Thing": 1 } }""");
        var refusal = Assert.Throws<InvalidOperationException>(() => Settings.Load(_folder, []));
        Assert.Contains(Path.Combine(_folder, "settings.json"), refusal.Message, StringComparison.Ordinal);
        Assert.Contains("'Kafka:Partitons'; did you mean Kafka:Partitions?", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("'Intak:MaxFutureSkew'; did you mean Intake:MaxFutureSkew?", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("MyOwn", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("security.protocol", refusal.Message, StringComparison.Ordinal);
    }

    private void Write(string json) => File.WriteAllText(Path.Combine(_folder, "settings.json"), json);
}
