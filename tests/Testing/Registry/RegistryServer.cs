using AppHost.Processes;
using Xunit;

namespace Testing.Registry;

/// <summary>
/// A real schema registry that speaks the Confluent API, from the folder that SCHEMA_REGISTRY_HOME names: <c>HOME/start PORT</c> runs one in the
/// foreground. A fixture; started when a test first asks for its address.
/// </summary>
public sealed class RegistryServer : IAsyncLifetime
{
    internal const string Missing = "SCHEMA_REGISTRY_HOME does not name a schema registry.";
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90);

    private readonly string _folder = TestFolder.New();
    private readonly Lazy<Task<Uri>> _address;
    private OwnedProcess? _process;

    /// <summary>Starts nothing yet.</summary>
    public RegistryServer() => _address = new(StartAsync);

    internal static string? Home =>
        Environment.GetEnvironmentVariable("SCHEMA_REGISTRY_HOME") is { } home && File.Exists(Path.Combine(home, "start")) ? home : null;

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Where its Confluent API answers: the value for <c>SchemaRegistry:Url</c>.</summary>
    public Task<Uri> GetUrlAsync() => _address.Value;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    private async Task<Uri> StartAsync()
    {
        var port = FreePort.Any();
        Directory.CreateDirectory(_folder);
        var home = Home ?? throw new InvalidOperationException(Missing);
        _process = await OwnedProcess.StartAsync("schema registry", [Path.Combine(home, "start"), $"{port}"], Path.Combine(_folder, "registry.log"));
        var url = new Uri($"http://127.0.0.1:{port}/apis/ccompat/v7");
        using var http = new HttpClient();
        await Eventually.Async(
            async () =>
            {
                using var answer = await http.GetAsync(new Uri($"{url}/subjects"));
                return answer.IsSuccessStatusCode || (_process.HasExited ? throw new InvalidOperationException(_process.LogTail()) : false);
            },
            StartPatience, "the schema registry answers");
        return url;
    }
}
