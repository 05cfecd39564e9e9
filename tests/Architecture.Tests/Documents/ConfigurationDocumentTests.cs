using System.Collections;
using System.Text.RegularExpressions;

namespace Architecture.Tests.Documents;

/// <summary>docs/configuration.md against the code, both ways.</summary>
public sealed partial class ConfigurationDocumentTests
{
    private static readonly Dictionary<string, (string Default, string Meaning)> Rows =
        Row().Matches(Repository.Read("docs/configuration.md")).ToDictionary(m => m.Groups["key"].Value, m => (m.Groups["default"].Value, m.Groups["meaning"].Value));

    [Fact]
    public void Every_setting_is_documented_and_every_documented_setting_exists() =>
        Assert.Equal(
            KnownSettings.Options.Keys.Concat(KnownSettings.ByName.Keys).Order(StringComparer.Ordinal),
            Rows.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void A_documented_default_is_the_code_s() =>
        Assert.All(KnownSettings.Options, option =>
        {
            var (property, actual) = option.Value;
            var written = Value().Match(Rows[option.Key].Default);
            if (written.Success)
                Assert.True(
                    written.Groups[1].Value == actual?.ToString() || Equals(KnownSettings.Convert(property.PropertyType, written.Groups[1].Value), actual),
                    $"{option.Key} is documented as {written.Groups[1].Value}, and is {actual}.");
            else
                Assert.True(
                    actual is null or "" or IEnumerable and not string || property.Name == "Folder",
                    $"{option.Key} is {actual} unless set: write `{actual}` as its default.");
        });

    [Fact]
    public void A_setting_that_is_read_by_its_name_is_read_there() =>
        Assert.All(KnownSettings.ByName, setting =>
            Assert.Contains(setting.Value.Literal, Repository.Read(setting.Value.File), StringComparison.Ordinal));

    [Fact]
    public void No_code_reads_a_setting_by_a_name_that_is_not_documented() =>
        Assert.All(
            from file in Repository.Files("src", "*.cs")
            where file.StartsWith("src/Silo/", StringComparison.Ordinal) || file.StartsWith("src/Api/", StringComparison.Ordinal)
                || file.StartsWith("src/EventPlatform", StringComparison.Ordinal)
            from Match match in ReadByName().Matches(Repository.Read(file))
            select match.Groups[1].Value,
            name => Assert.Contains(name, Rows.Keys));

    [GeneratedRegex("""^\| `(?<key>[A-Z][A-Za-z_]+(?:[:.][A-Za-z]+)?)` \| (?<default>[^|]+) \| (?<meaning>[^|]+) \|$""", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("^`([^`]+)`")]
    private static partial Regex Value();

    [GeneratedRegex("""[cC]onfiguration\["([A-Za-z_:]+)"\]""")]
    private static partial Regex ReadByName();
}
