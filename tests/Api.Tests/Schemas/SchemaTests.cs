using System.Net;
using System.Text.Json;
using Confluent.SchemaRegistry;

namespace Api.Tests.Schemas;

/// <summary>Confluent's own client against the folder that the API serves.</summary>
public sealed class SchemaTests(ShopSystem system) : IDisposable
{
    private const string Subject = "user-events-value";
    private readonly CachedSchemaRegistryClient _client = new(new SchemaRegistryConfig { Url = new Uri(system.Api.Address, "schema-registry").ToString() });

    [Fact]
    public async Task A_producer_in_another_language_finds_the_schema_and_its_id()
    {
        Assert.Superset(new HashSet<string> { "user-events-value", "transactions-value" }, (await _client.GetAllSubjectsAsync()).ToHashSet());
        var latest = await _client.GetLatestSchemaAsync(Subject);
        Assert.Equal(SchemaRegistry.Registries.SchemaId.Of(latest.SchemaString), latest.Id);
        Assert.Equal(latest.SchemaString, (await _client.GetSchemaAsync(latest.Id)).SchemaString);
        Assert.Equal(latest.Id, await _client.RegisterSchemaAsync(Subject, new Schema(latest.SchemaString, SchemaType.Avro)));
        Assert.Equal(latest.Version, (await _client.LookupSchemaAsync(Subject, new Schema(latest.SchemaString, SchemaType.Avro), true, false)).Version);
    }

    [Fact]
    public async Task A_new_subject_is_registered_once_and_an_incompatible_version_is_refused_naming_the_field()
    {
        var subject = $"s{Guid.NewGuid():N}-value";
        const string First = """{"type":"record","name":"R","fields":[{"name":"a","type":"string"}]}""";
        const string Wrong = """{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"b","type":"int"}]}""";
        var id = await _client.RegisterSchemaAsync(subject, new Schema(First, SchemaType.Avro));
        Assert.Equal(id, await _client.RegisterSchemaAsync(subject, new Schema(First, SchemaType.Avro)));
        Assert.Equal([1], await _client.GetSubjectVersionsAsync(subject));

        var refused = await Assert.ThrowsAsync<SchemaRegistryException>(() => _client.RegisterSchemaAsync(subject, new Schema(Wrong, SchemaType.Avro)));
        Assert.Equal((HttpStatusCode.Conflict, 409), (refused.Status, refused.ErrorCode));
        Assert.Contains("R.b", refused.Message, StringComparison.Ordinal);
        Assert.False(await _client.IsCompatibleAsync(subject, new Schema(Wrong, SchemaType.Avro)));
    }

    [Theory]
    [InlineData("/subjects/none/versions", 404, 40401)]
    [InlineData("/subjects/user-events-value/versions/77", 404, 40402)]
    [InlineData("/subjects/user-events-value/versions/zero", 422, 42202)]
    [InlineData("/schemas/ids/5", 404, 40403)]
    public async Task Errors_have_the_codes_that_clients_know(string path, int status, int code)
    {
        using var response = await system.Http.GetAsync("/schema-registry" + path);
        Assert.Equal(status, (int)response.StatusCode);
        var body = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync());
        Assert.Equal(code, body.GetProperty("error_code").GetInt32());
        Assert.NotEqual("", body.Text("message"));
    }

    [Fact]
    public async Task What_is_no_schema_is_refused()
    {
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await system.Http.PostAsync("/schema-registry/subjects/x/versions", """{"schema":"{\"type\":\"nope\"}"}""")).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await system.Http.PostAsync("/schema-registry/subjects/x/versions", """{"schema":"\"string\"","schemaType":"JSON"}""")).StatusCode);
    }

    public void Dispose() => _client.Dispose();
}
