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
        Write("""{ "Intake": { "MaxAhead": "1.00:00:00", "Mode": "file" } }""");
        var settings = Settings.Load(_folder, ["Intake:Mode=given", "A:B=x=y"]);

        Assert.Equal("given", settings["Intake:Mode"]);
        var environment = settings.ToEnvironment();
        Assert.Equal(("1.00:00:00", "given", "x=y"), (environment["Intake__MaxAhead"], environment["Intake__Mode"], environment["A__B"]));
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

    private void Write(string json) => File.WriteAllText(Path.Combine(_folder, "settings.json"), json);
}
