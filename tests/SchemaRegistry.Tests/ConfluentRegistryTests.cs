using System.Net;
using System.Text;
using AppHost.Processes;
using SchemaRegistry.Registries;
using Testing.Registry;

[assembly: AssemblyFixture(typeof(RegistryServer))]

namespace SchemaRegistry.Tests;

/// <summary>A registry of another make, over HTTP.</summary>
public sealed class ConfluentRegistryTests(RegistryServer server)
{
    private readonly string _subject = $"s{Guid.NewGuid():N}-value";

    [RegistryFact]
    public async Task What_is_registered_is_read_by_its_id()
    {
        var registry = await OpenAsync();
        var first = await registry.RegisterAsync(_subject, Samples.V1);
        var second = await registry.RegisterAsync(_subject, Samples.V2);
        Assert.Equal((1, 2), (first.Version, second.Version));
        Assert.Equal(first, await registry.RegisterAsync(_subject, Samples.V1));

        var another = await OpenAsync();
        Assert.Equal(Samples.V1, await another.GetByIdAsync(first.Id));
        Assert.Equal([first, second], (await another.ListAsync()).Where(s => s.Subject == _subject));
        Assert.Equal("x", (await new AvroRecordDecoder<Samples.R>(another).DecodeAsync(Samples.Value(first.Id, "x"))).A);
    }

    [RegistryFact]
    public async Task An_incompatible_schema_is_refused_naming_field_and_rule()
    {
        var registry = await OpenAsync();
        await registry.RegisterAsync(_subject, Samples.V1);
        var refused = await Assert.ThrowsAsync<IncompatibleSchemaException>(async () => await registry.RegisterAsync(_subject, Samples.Broken));
        Assert.Contains("field 'R.a': string cannot be read as int (BACKWARD", refused.Message, StringComparison.Ordinal);
    }

    [RegistryFact]
    public async Task Other_programs_are_held_to_the_rule_as_well()
    {
        await (await OpenAsync()).RegisterAsync(_subject, Samples.V1);
        using var http = new HttpClient();
        using var body = new StringContent(System.Text.Json.JsonSerializer.Serialize(new { schema = Samples.Broken }), null, "application/vnd.schemaregistry.v1+json");
        using var answer = await http.PostAsync(new Uri($"{await server.GetUrlAsync()}/subjects/{_subject}/versions"), body);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
    }

    [RegistryFact]
    public async Task An_unknown_id_is_a_bad_record()
    {
        var decoder = new AvroRecordDecoder<Samples.R>(await OpenAsync());
        Assert.Contains("schema id 999999", (await Assert.ThrowsAsync<UnknownSchemaException>(
            async () => await decoder.DecodeAsync(Samples.Value(999_999, "x")))).Message, StringComparison.Ordinal);
    }

    [RegistryFact]
    public async Task Records_written_before_the_switch_to_a_registry_stay_readable()
    {
        var folder = Samples.Folder();
        var before = Assert.Single(await new FolderSchemaRegistry(folder).ListAsync());
        var decoder = new AvroRecordDecoder<Samples.R>(await OpenAsync(folder));
        Assert.Equal("old", (await decoder.DecodeAsync(Samples.Value(before.Id, "old"))).A);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_registry_that_is_not_there_is_an_outage_never_a_bad_record()
    {
        var registry = Open($"http://127.0.0.1:{FreePort.Any()}", "nowhere");
        await Assert.ThrowsAsync<SchemaRegistryUnavailableException>(async () => await new AvroRecordDecoder<Samples.R>(registry).DecodeAsync(Samples.Value(1, "x")));
        await Assert.ThrowsAsync<SchemaRegistryUnavailableException>(async () => await registry.RegisterAsync("s", Samples.V1));
        await Assert.ThrowsAsync<SchemaRegistryUnavailableException>(async () => await registry.ListAsync());
    }

    [Theory]
    [InlineData("<h1>404</h1>")]
    [InlineData("""{"message":"Could not find resource for full path","error_code":404}""")]
    public async Task A_404_that_is_no_registrys_own_is_an_outage_never_a_bad_record(string body)
    {
        var url = $"http://127.0.0.1:{FreePort.Any()}";
        using var listener = new HttpListener();
        listener.Prefixes.Add($"{url}/");
        listener.Start();
        var answering = AnswerAsync(listener, body);
        var thrown = await Assert.ThrowsAsync<SchemaRegistryUnavailableException>(
            async () => await new AvroRecordDecoder<Samples.R>(Open(url, "nowhere")).DecodeAsync(Samples.Value(1, "x")));
        Assert.Contains($"What answers at {url} is no schema registry", thrown.Message, StringComparison.Ordinal);
        listener.Stop();
        await answering;
    }

    private static async Task AnswerAsync(HttpListener listener, string body)
    {
        try
        {
            while (true)
            {
                var context = await listener.GetContextAsync();
                context.Response.StatusCode = (int)HttpStatusCode.NotFound;
                context.Response.Close(Encoding.UTF8.GetBytes(body), willBlock: false);
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // Stopped: the test has what it wanted.
        }
    }

    private static ISchemaRegistry Open(string url, string folder) =>
        SchemaRegistryServiceCollectionExtensions.Create(new SchemaRegistryOptions { Url = url, Folder = folder });

    private async Task<ISchemaRegistry> OpenAsync(string folder = "nowhere") => Open((await server.GetUrlAsync()).ToString(), folder);
}
