using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Architecture.Tests.Observability;

/// <summary>What Grafana shows and Prometheus watches is what the code measures.</summary>
public sealed partial class DashboardTests
{
    private static readonly string[] Words =
    [
        "sum", "max", "min", "avg", "by", "rate", "increase", "changes", "histogram_quantile", "and", "or", "unless", "offset", "up", "__rate_interval",
    ];

    [Fact]
    public void Every_instrument_in_the_sources_is_understood_by_these_tests() =>
        Assert.Equal(MetricNames.CountOfPlaces(), MetricNames.Defined().Count);

    [Fact]
    public async Task A_panel_or_rule_uses_only_metrics_that_the_programs_export()
    {
        var exported = await MetricNames.ReadAsync();
        Assert.All(Panels().Concat(Rules()), query =>
            Assert.All(MetricsOf(query.Expression), metric => Assert.True(exported.Contains(metric), $"{query.Where}: nothing exports {metric}.")));
    }

    [Fact]
    public void The_check_of_names_sees_a_metric_in_every_query() =>
        Assert.All(Panels().Concat(Rules().Where(rule => rule.Where != "ProcessDown")), query => Assert.NotEmpty(MetricsOf(query.Expression)));

    [Fact]
    public void A_panel_or_rule_groups_only_by_labels_that_the_programs_give()
    {
        var sources = string.Concat(Repository.Files("src", "*.cs").Select(Repository.Read));
        Assert.All(Panels().Concat(Rules()), query => Assert.All(LabelsOf(query.Expression), label =>
        {
            // Prometheus gives two by itself, and renames a metric's own label of that name: "job", the name of what it reads from, and "instance", the address.
            Assert.False(label == "job", $"{query.Where}: 'job' is not the program's.");
            Assert.True(label is "le" or "instance" or "http_route" || sources.Contains($"\"{label}\"", StringComparison.Ordinal), $"{query.Where}: nothing is tagged '{label}'.");
        }));
    }

    [Fact]
    public void The_brackets_of_a_query_match() =>
        Assert.All(Panels().Concat(Rules()), query => Assert.All(new[] { "()", "[]", "{}" }, pair =>
            Assert.Equal(query.Expression.Count(c => c == pair[0]), query.Expression.Count(c => c == pair[1]))));

    [Fact]
    public void Panels_do_not_lie_on_each_other()
    {
        var cells = Dashboard().GetProperty("panels").EnumerateArray().SelectMany(panel =>
        {
            var (x, y, w, h) = (At(panel, "x"), At(panel, "y"), At(panel, "w"), At(panel, "h"));
            Assert.InRange(x + w, 1, 24);
            return from column in Enumerable.Range(x, w) from row in Enumerable.Range(y, h) select (column, row);
        }).ToArray();
        Assert.Equal(cells.Length, cells.Distinct().Count());

        static int At(JsonElement panel, string name) => panel.GetProperty("gridPos").GetProperty(name).GetInt32();
    }

    private static JsonElement Dashboard() => JsonDocument.Parse(Repository.Read("deploy/grafana/dashboards/streaming.json")).RootElement;

    private static IEnumerable<(string Where, string Expression)> Panels() =>
        from panel in Dashboard().GetProperty("panels").EnumerateArray()
        from target in panel.GetProperty("targets").EnumerateArray()
        select (panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!);

    private static IEnumerable<(string Where, string Expression)> Rules() =>
        from rule in new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).IgnoreUnmatchedProperties().Build()
            .Deserialize<RuleFile>(Repository.Read("deploy/prometheus/rules.yml")).Groups.SelectMany(g => g.Rules)
        select (rule.Alert, rule.Expr);

    // Labels stand in braces or after "by"; durations in brackets.
    private static IEnumerable<string> MetricsOf(string expression) =>
        Word().Matches(NotMetrics().Replace(expression, " ")).Select(m => m.Value).Except(Words).Distinct();

    private static IEnumerable<string> LabelsOf(string expression) =>
        Grouping().Matches(expression).SelectMany(m => m.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries)).Distinct();

    [GeneratedRegex("""\bby \(([^)]*)\)""")]
    private static partial Regex Grouping();

    [GeneratedRegex("""\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)""")]
    private static partial Regex NotMetrics();

    [GeneratedRegex("""\b[a-z_][a-z_]+\b""")]
    private static partial Regex Word();

    private sealed class RuleFile
    {
        public List<RuleGroup> Groups { get; set; } = [];
    }

    private sealed class RuleGroup
    {
        public List<Rule> Rules { get; set; } = [];
    }

    private sealed class Rule
    {
        public string Alert { get; set; } = "";

        public string Expr { get; set; } = "";
    }
}
