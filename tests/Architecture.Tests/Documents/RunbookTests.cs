using System.Text.RegularExpressions;

namespace Architecture.Tests.Documents;

/// <summary>Each failure in docs/runbook.md has a test, or a documented run.</summary>
public sealed partial class RunbookTests
{
    private const string Runbook = "docs/runbook.md";

    [Fact]
    public void A_runbook_heading_names_a_test_that_exists_or_a_run()
    {
        var sections = Heading().Split(Repository.Read(Runbook)).Skip(1).ToArray();
        Assert.NotEmpty(sections);
        Assert.All(sections, section => Assert.True(
            Proof().IsMatch(section), $"'{section.Split('\n')[0]}' has neither a line 'Test: Class.Method' nor 'Run: how'."));
    }

    [Fact]
    public void A_test_that_the_runbook_names_exists()
    {
        var named = Proof().Matches(Repository.Read(Runbook)).Where(m => m.Groups["class"].Success)
            .Select(m => (Class: m.Groups["class"].Value, Method: m.Groups["method"].Value));
        var sources = Repository.Files("tests", "*.cs").Select(Repository.Read).ToArray();
        Assert.All(named, test => Assert.True(
            sources.Any(source => IsDeclaredIn(source, test.Class, test.Method)), $"There is no test {test.Class}.{test.Method}."));
    }

    private static bool IsDeclaredIn(string source, string type, string method) =>
        Regex.IsMatch(source, $@"class {Regex.Escape(type)}\b") && Regex.IsMatch(source, $@"(void|Task) {Regex.Escape(method)}\(");

    [GeneratedRegex("^## ", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("^(Test: `?(?<class>[A-Za-z0-9_]+)\\.(?<method>[A-Za-z0-9_]+)`?|Run: .+)$", RegexOptions.Multiline)]
    private static partial Regex Proof();
}
