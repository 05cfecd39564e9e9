using System.Text.RegularExpressions;
using Avro;
using SchemaRegistry.Compatibility;
using SchemaRegistry.Registries;

namespace SchemaRegistry.Tests;

public sealed class CompatibilityTests
{
    private const string V1 = """{"type":"record","name":"R","fields":[{"name":"a","type":["null","string"]},{"name":"k","type":{"type":"enum","name":"K","symbols":["X","Y"]}}]}""";

    [Theory]
    [InlineData("""[{"name":"a","type":"int"},{"name":"k","type":{"type":"enum","name":"K","symbols":["X","Y"]}}]""", "field 'R.a': string cannot be read as int (BACKWARD")]
    [InlineData("""[{"name":"a","type":["null","string"]},{"name":"k","type":{"type":"enum","name":"K","symbols":["X"]}}]""", "field 'R.k': the enum lacks the symbol Y (BACKWARD")]
    [InlineData("""[{"name":"a","type":["null","string"]},{"name":"k","type":{"type":"enum","name":"K","symbols":["X","Y"]}},{"name":"n","type":"int"}]""", "field 'R.n' has no default")]
    public void An_incompatible_change_is_refused_naming_field_and_rule(string fields, string problem) =>
        Assert.Contains(problem, string.Join('\n', Check(CompatibilityRule.Backward, fields)), StringComparison.Ordinal);

    [Fact]
    public void A_new_field_with_a_default_is_backward_and_forward_compatible() =>
        Assert.Empty(Check(CompatibilityRule.Full, """[{"name":"a","type":["null","string"]},{"name":"k","type":{"type":"enum","name":"K","symbols":["X","Y"]}},{"name":"n","type":"int","default":0}]"""));

    [Fact]
    public void A_removed_field_without_a_default_breaks_old_readers() =>
        Assert.Contains("field 'R.k' has no default, and is missing from the other schema (FORWARD",
            string.Join('\n', Check(CompatibilityRule.Forward, """[{"name":"a","type":["null","string"]}]""")), StringComparison.Ordinal);

    [Fact]
    public void A_record_that_holds_itself_is_compared_to_an_end()
    {
        var list = Schema.Parse("""{"type":"record","name":"L","fields":[{"name":"v","type":"int"},{"name":"next","type":["null","L"],"default":null}]}""");
        var other = Schema.Parse("""{"type":"record","name":"L","fields":[{"name":"v","type":"string"},{"name":"next","type":["null","L"],"default":null}]}""");
        Assert.Empty(SchemaCompatibility.ProblemsReading(list, list));
        Assert.NotEmpty(SchemaCompatibility.ProblemsReading(list, other));
    }

    [Fact]
    public void A_changed_scale_is_refused_although_its_bytes_could_be_read() =>
        Assert.Contains("decimal(scale 2) cannot be read as decimal(scale 4)", string.Join('\n', SchemaCompatibility.ProblemsReading(Money(4), Money(2))), StringComparison.Ordinal);

    [Fact]
    public async Task A_folder_keeps_registered_versions_and_refuses_an_incompatible_one()
    {
        var folder = Directory.CreateTempSubdirectory("schemas").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "r.avsc"), V1);
        await File.WriteAllTextAsync(Path.Combine(folder, "subjects.json"), """{"r-value":{"schema":"r.avsc","compatibility":"BACKWARD"}}""");
        var registry = new FolderSchemaRegistry(folder);
        var first = Assert.Single(await registry.ListAsync());

        const string newer = """{"type":"record","name":"R","fields":[{"name":"a","type":["null","string"]},{"name":"k","type":{"type":"enum","name":"K","symbols":["X","Y"]}},{"name":"n","type":"int","default":0}]}""";
        var second = await registry.RegisterAsync("r-value", newer);
        Assert.Equal(second, await registry.RegisterAsync("r-value", newer));
        await Assert.ThrowsAsync<IncompatibleSchemaException>(async () => await registry.RegisterAsync("r-value", """{"type":"record","name":"R","fields":[{"name":"z","type":"int"}]}"""));

        var reopened = new FolderSchemaRegistry(folder);
        Assert.Equal(V1, await reopened.GetByIdAsync(first.Id));
        Assert.Equal(newer, await reopened.GetByIdAsync(second.Id));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Ids_ignore_documentation_but_not_meaning()
    {
        var plain = SchemaId.Of(V1);
        Assert.Equal(plain, SchemaId.Of(V1.Replace("\"name\":\"R\"", "\"name\":\"R\",\"doc\":\"x\"", StringComparison.Ordinal)));
        Assert.NotEqual(plain, SchemaId.Of(V1.Replace("\"Y\"", "\"Z\"", StringComparison.Ordinal)));
        Assert.NotEqual(SchemaId.Of(Money(2).ToString()), SchemaId.Of(Money(4).ToString()));
        Assert.InRange(plain, 1 << 30, int.MaxValue);
    }

    private static IReadOnlyList<string> Check(CompatibilityRule rule, string fields) =>
        SchemaCompatibility.Check(rule, Schema.Parse($$"""{"type":"record","name":"R","fields":{{fields}}}"""), [Schema.Parse(V1)]);

    [Theory]
    [InlineData("""["null",D(4)]""", """["null",D(2)]""", false)]
    [InlineData("""["null",D(4)]""", "D(2)", false)]
    [InlineData("""["null",D(4)]""", "D(4)", true)]
    [InlineData("D(4)", """["null",D(4)]""", false)]
    [InlineData("""["null",{"type":"long","logicalType":"timestamp-millis"}]""", """["null",{"type":"long","logicalType":"timestamp-micros"}]""", false)]
    public void What_a_number_means_is_seen_in_a_nullable_field_too(string reader, string writer, bool reads)
    {
        var problems = SchemaCompatibility.ProblemsReading(Of(reader), Of(writer));
        Assert.Equal(reads, problems.Count == 0);

        static Schema Of(string type) => Schema.Parse($$$"""{"type":"record","name":"M","fields":[{"name":"m","type":{{{Regex.Replace(type, @"D\((\d)\)", """{"type":"bytes","logicalType":"decimal","precision":18,"scale":$1}""")}}}}]}""");
    }

    private static Schema Money(int scale) =>
        Schema.Parse($$$"""{"type":"record","name":"M","fields":[{"name":"m","type":{"type":"bytes","logicalType":"decimal","precision":18,"scale":{{{scale}}}}}]}""");
}
