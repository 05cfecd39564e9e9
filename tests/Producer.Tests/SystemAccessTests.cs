using System.Net;
using System.Text;
using AppHost.Processes;
using Confluent.Kafka;
using Testing;
using Tools;

namespace Producer.Tests;

/// <summary>How the command-line programs speak to a registry.</summary>
public sealed class SystemAccessTests : IDisposable
{
    private readonly string _folder = Directory.CreateDirectory(TestFolder.New()).FullName;
    private readonly HttpListener _registry = new();
    private readonly string _url = $"http://127.0.0.1:{FreePort.Any()}/";

    public SystemAccessTests()
    {
        File.WriteAllText(Path.Combine(_folder, "endpoints.json"), "{}");
        File.WriteAllText(Path.Combine(_folder, "settings.json"), """{"SchemaRegistry":{"BasicAuth":"reader:secret"},"Kafka":{"Client":{"client.id":"from the file"}}}""");
        _registry.Prefixes.Add(_url);
        _registry.Start();
    }

    public void Dispose()
    {
        _registry.Close();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_registry_is_told_user_and_password_of_the_systems_settings() =>
        Assert.Equal($"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes("reader:secret"))}", await AuthorizationAsync(SystemAccess.Load(_folder).Registry(_url)));

    [Fact]
    public async Task The_systems_own_registry_is_not_told_the_password_of_another() =>
        Assert.Null(await AuthorizationAsync(SystemAccess.Load(_folder).Registry(_url, isOwn: true)));

    [Fact]
    public async Task A_password_for_one_registry_is_not_told_to_another()
    {
        File.WriteAllText(Path.Combine(_folder, "settings.json"), """{"SchemaRegistry":{"Url":"http://registry.example","BasicAuth":"reader:secret"}}""");
        Assert.Null(await AuthorizationAsync(SystemAccess.Load(_folder).Registry(_url)));
    }

    [Fact]
    public void A_client_is_made_as_the_systems_settings_say() =>
        Assert.Equal(("from the file", "broker:9092"), (SystemAccess.Load(_folder).Kafka("broker:9092").ClientId, SystemAccess.Load(_folder).Kafka("broker:9092").BootstrapServers));

    [Fact]
    public async Task Another_system_is_told_nothing_of_this_ones_settings()
    {
        var access = SystemAccess.Load(_folder, isOther: true);
        Assert.NotEqual("from the file", access.Kafka("broker:9092").ClientId);
        Assert.Null(await AuthorizationAsync(access.Registry(_url)));
    }

    [Theory]
    [InlineData("{ not json")]
    [InlineData("""{"SchemaRegistry":{"Timeout":"soon"}}""")]
    public void Settings_that_cannot_be_read_are_said(string settings)
    {
        File.WriteAllText(Path.Combine(_folder, "settings.json"), settings);
        Assert.Contains("the settings cannot be read", Assert.Throws<KafkaException>(() => SystemAccess.Load(_folder)).Error.Reason, StringComparison.Ordinal);
    }

    private async Task<string?> AuthorizationAsync(SchemaRegistry.Registries.ISchemaRegistry registry)
    {
        var asking = registry.ListAsync().AsTask();
        var context = await _registry.GetContextAsync();
        var authorization = context.Request.Headers["Authorization"];
        await using (var body = context.Response.OutputStream)
            await body.WriteAsync("[]"u8.ToArray());
        Assert.Empty(await asking);
        return authorization;
    }
}
