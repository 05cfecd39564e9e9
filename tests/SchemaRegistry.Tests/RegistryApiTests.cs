using System.Text.Json;
using SchemaRegistry.Http;
using SchemaRegistry.Registries;

namespace SchemaRegistry.Tests;

/// <summary>The folder in the form of Confluent's API: shapes and codes are those that its clients expect.</summary>
public sealed class RegistryApiTests : IDisposable
{
    private readonly string _folder = Samples.Folder();
    private readonly RegistryApi _api;

    public RegistryApiTests() => _api = new RegistryApi(new FolderSchemaRegistry(_folder));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_registered_schema_is_found_in_every_way()
    {
        var id = Field(await _api.RegisterAsync("r-value", new SchemaRequest(Samples.V2)), "id").GetInt32();
        Assert.Equal("""["r-value"]""", Json(await _api.SubjectsAsync()));
        Assert.Equal("[1,2]", Json(await _api.VersionsAsync("r-value")));
        Assert.Equal(Samples.V2, Field(await _api.SchemaAsync(id), "schema").GetString());
        foreach (var answer in new[] { await _api.VersionAsync("r-value", "2"), await _api.VersionAsync("r-value", "latest"), await _api.LookUpAsync("r-value", new(Samples.V2)) })
            Assert.Equal(("r-value", 2, id, Samples.V2),
                (Field(answer, "subject").GetString(), Field(answer, "version").GetInt32(), Field(answer, "id").GetInt32(), Field(answer, "schema").GetString()));
        Assert.Equal("""{"compatibilityLevel":"BACKWARD"}""", Json(await _api.ConfigAsync("r-value")));
    }

    [Fact]
    public async Task What_is_missing_or_wrong_has_the_code_that_clients_know()
    {
        Assert.Equal((404, 40401), Error(await _api.VersionsAsync("none")));
        Assert.Equal((404, 40401), Error(await _api.LookUpAsync("none", new(Samples.V1))));
        Assert.Equal((404, 40402), Error(await _api.VersionAsync("r-value", "9")));
        Assert.Equal((422, 42202), Error(await _api.VersionAsync("r-value", "newest")));
        Assert.Equal((404, 40403), Error(await _api.SchemaAsync(7)));
        Assert.Equal((404, 40403), Error(await _api.LookUpAsync("r-value", new(Samples.V2))));
        Assert.Equal((422, 42201), Error(await _api.RegisterAsync("r-value", new("{"))));
        Assert.Equal((422, 42201), Error(await _api.RegisterAsync("r-value", new(null))));
        Assert.Equal((422, 42201), Error(await _api.RegisterAsync("r-value", new(Samples.V2, "PROTOBUF"))));
        Assert.Equal((409, 409), Error(await _api.RegisterAsync("r-value", new(Samples.Broken))));
    }

    [Fact]
    public async Task A_check_says_what_is_not_compatible_without_registering()
    {
        Assert.True(Field(await _api.CheckAsync("r-value", "latest", new(Samples.V2)), "is_compatible").GetBoolean());
        var refused = await _api.CheckAsync("r-value", "1", new(Samples.Broken));
        Assert.False(Field(refused, "is_compatible").GetBoolean());
        Assert.Contains("field 'R.a'", Field(refused, "messages")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal("[1]", Json(await _api.VersionsAsync("r-value")));
    }

    private static string Json(RegistryAnswer answer)
    {
        Assert.Equal(200, answer.Status);
        return answer.Json;
    }

    private static JsonElement Field(RegistryAnswer answer, string name) => JsonDocument.Parse(Json(answer)).RootElement.GetProperty(name);

    private static (int Status, int Code) Error(RegistryAnswer answer)
    {
        var body = JsonDocument.Parse(answer.Json).RootElement;
        Assert.NotEmpty(body.GetProperty("message").GetString()!);
        return (answer.Status, body.GetProperty("error_code").GetInt32());
    }
}
