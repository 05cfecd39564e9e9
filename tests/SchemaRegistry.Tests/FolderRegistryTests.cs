using SchemaRegistry.Registries;

namespace SchemaRegistry.Tests;

public sealed class FolderRegistryTests : IDisposable
{
    private readonly string _folder = Samples.Folder();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_another_process_registers_is_known_here()
    {
        var (here, there) = (new FolderSchemaRegistry(_folder), new FolderSchemaRegistry(_folder));
        var added = await there.RegisterAsync("r-value", Samples.V2);
        Assert.Equal(Samples.V2, await here.GetByIdAsync(added.Id));
        Assert.Equal([1, 2], (await here.ListAsync()).Select(s => s.Version));
    }

    [Fact]
    public async Task Processes_that_register_at_once_get_versions_of_their_own()
    {
        for (var round = 0; round < 5; round++)
        {
            var subject = $"s{round}-value";
            var registered = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(async () =>
                await new FolderSchemaRegistry(_folder).RegisterAsync(subject, Samples.V1.Replace("\"R\"", $"\"R\",\"namespace\":\"n{n % 4}\"", StringComparison.Ordinal)))));
            var all = (await new FolderSchemaRegistry(_folder).ListAsync()).Where(s => s.Subject == subject).ToList();
            Assert.Equal([1, 2, 3, 4], all.Select(s => s.Version));
            Assert.Equal(all.Select(s => (s.Version, s.Id)), registered.Select(s => (s.Version, s.Id)).Distinct().Order());
        }
    }

    [Fact]
    public async Task A_schema_edited_incompatibly_keeps_the_program_from_starting_and_says_why()
    {
        await new FolderSchemaRegistry(_folder).RegisterAsync("r-value", Samples.V2);
        await File.WriteAllTextAsync(Path.Combine(_folder, "r.avsc"), Samples.Broken);
        var refused = Assert.Throws<InvalidSchemaException>(() => new FolderSchemaRegistry(_folder));
        Assert.Contains("r.avsc: The schema is not compatible with subject 'r-value': field 'R.a': string cannot be read as int (BACKWARD", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_breaks_while_it_is_used_is_an_outage_not_a_bad_record()
    {
        var registry = new FolderSchemaRegistry(_folder);
        var known = Assert.Single(await registry.ListAsync());
        await File.WriteAllTextAsync(Path.Combine(_folder, "subjects.json"), "half a fi");
        Assert.Equal(Samples.V1, await registry.GetByIdAsync(known.Id));
        await Assert.ThrowsAsync<SchemaRegistryUnavailableException>(async () => await registry.GetByIdAsync(7));
    }

    [Fact]
    public void Every_error_of_a_folder_is_told_at_once()
    {
        File.WriteAllText(Path.Combine(_folder, "subjects.json"), """{"r-value":{"schema":"missing.avsc"},"s-value":{"schema":"s.avsc"}}""");
        File.WriteAllText(Path.Combine(_folder, "s.avsc"), "{");
        var message = Assert.Throws<InvalidSchemaException>(() => new FolderSchemaRegistry(_folder)).Message;
        Assert.Contains("missing.avsc", message, StringComparison.Ordinal);
        Assert.Contains("s.avsc: The schema is not valid Avro", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../outside")]
    [InlineData(".")]
    [InlineData("a/b")]
    [InlineData("")]
    public async Task A_subject_cannot_lead_out_of_the_folder(string subject) =>
        await Assert.ThrowsAsync<InvalidSchemaException>(async () => await new FolderSchemaRegistry(_folder).RegisterAsync(subject, Samples.V1));
}
