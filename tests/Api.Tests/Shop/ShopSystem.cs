using AppHost.Kafka;
using AppHost.Running;
using Microsoft.Extensions.Hosting;
using Testing;
using Testing.Postgres;

[assembly: AssemblyFixture(typeof(Api.Tests.ShopSystem))]

namespace Api.Tests;

/// <summary>Postgres, the broker emulator, a silo and the API: shared, so a test uses ids of its own.</summary>
public sealed class ShopSystem : IAsyncLifetime
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly PostgresServer _postgres = new();
    private EmulatedKafka? _kafka;
    private IHost? _silo;
    private ApiServer? _api;

    public HttpClient Http => _api!.Client;

    public ApiServer Api => _api!;

    public string BootstrapServers => _kafka!.BootstrapServers;

    public IReadOnlyDictionary<string, string> Settings { get; private set; } = new Dictionary<string, string>();

    public async ValueTask InitializeAsync()
    {
        await _postgres.InitializeAsync();
        _kafka = EmulatedKafka.Start();
        await ShopTopics.CreateAsync(_kafka, 2);
        Settings = new Dictionary<string, string>(Describe(await _postgres.CreateDatabaseAsync(), _kafka)) { ["SchemaRegistry:Folder"] = CopyOfSchemas() };
        _silo = await ShopSilo.StartAsync(Settings);
        _api = new ApiServer(Settings);
        await Eventually.Async(async () => (await Http.GetAsync("/health/ready")).IsSuccessStatusCode, Deadline, "the API is ready");
    }

    public static Dictionary<string, string> Describe(string connectionString, EmulatedKafka kafka) => new()
    {
        ["ConnectionStrings:Postgres"] = connectionString + ";Maximum Pool Size=20",
        ["Kafka:BootstrapServers"] = kafka.BootstrapServers,
        ["Kafka:Incarnation"] = kafka.Incarnation!,
        ["Cluster:Id"] = Guid.NewGuid().ToString("N"),
        ["Api:LiveInterval"] = "00:00:00.05",
        ["Api:MaxRequestBytes"] = "65536",
        ["Api:MaxBatchEvents"] = "50",
    };

    public async ValueTask DisposeAsync()
    {
        if (_api is not null)
            await _api.DisposeAsync();
        if (_silo is not null)
        {
            await _silo.StopAsync();
            _silo.Dispose();
        }

        if (_kafka is not null)
            await _kafka.DisposeAsync();
        await _postgres.DisposeAsync();
        if (Settings.TryGetValue("SchemaRegistry:Folder", out var folder))
            Directory.Delete(folder, recursive: true);
    }

    // A test registers schemas; the repository's are not its to change.
    private static string CopyOfSchemas()
    {
        var folder = Directory.CreateDirectory(TestFolder.New()).FullName;
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "schemas")))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        return folder;
    }
}
