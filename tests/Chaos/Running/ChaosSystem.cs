using System.Globalization;
using System.Diagnostics;
using AppHost.Kafka;
using AppHost.Postgres;
using AppHost.Processes;
using AppHost.Running;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chaos.Running;

/// <summary>A silo of the run, its supervisor and the proxy on its way to Postgres.</summary>
internal sealed record SiloNode(string Name, Supervisor Supervisor, Proxy Postgres, string Url, int Port)
{
    public int? Pid => Supervisor.Part.Pid;
}

/// <summary>
/// The shop in processes of its own: Postgres, a broker, silos and the API, each behind a proxy. Silos that end are started again, as <c>./dev up</c> does;
/// Postgres and the broker are started again by the fault that stopped them.
/// </summary>
internal sealed class ChaosSystem : IAsyncDisposable
{
    private const int Partitions = 4;
    private readonly ChaosOptions _options;
    private readonly string _folder;
    private readonly List<Proxy> _proxies = [];
    private readonly List<SiloNode> _silos = [];
    private readonly bool _ownsPostgres;
    private Supervisor? _api;
    private Proxy? _kafkaProxy;
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(2);
    private int _numbered;

    private ChaosSystem(ChaosOptions options, string folder, PrivatePostgres postgres, bool ownsPostgres, string database)
    {
        (_options, _folder, Postgres, _ownsPostgres, Database) = (options, folder, postgres, ownsPostgres, database);
        DirectPostgres = postgres.ConnectionString(database);
        ApiUrl = $"http://127.0.0.1:{Text(FreePort.Any())}";
    }

    public PrivatePostgres Postgres { get; }

    public IKafkaBroker Broker { get; private set; } = null!;

    /// <summary>The database's name.</summary>
    public string Database { get; }

    /// <summary>Postgres without a proxy, for those who watch.</summary>
    public string DirectPostgres { get; }

    public string ApiUrl { get; }

    public IReadOnlyList<SiloNode> Silos => _silos;

    public IReadOnlyList<Proxy> Proxies => _proxies;

    public string Logs => Path.Combine(_folder, "logs");

    /// <summary>Starts everything and waits until it is ready.</summary>
    public static async Task<ChaosSystem> StartAsync(ChaosOptions options, string folder, PrivatePostgres? shared, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.Combine(folder, "logs"));
        var postgres = shared ?? await PrivatePostgres.StartAsync(Path.Combine(folder, "postgres"), cancellationToken: cancellationToken);
        var database = $"chaos_{Guid.NewGuid():N}";
        await postgres.CreateDatabaseAsync(database, cancellationToken: cancellationToken);
        var system = new ChaosSystem(options, folder, postgres, shared is null, database);
        try
        {
            await system.StartBrokerAsync(cancellationToken);
            for (var i = 0; i < options.Silos; i++)
                await system.AddSiloAsync(cancellationToken);
            var proxy = system.AddProxy("api and Postgres", postgres.Port);
            system._api = system.Watch(new ProgramPart("api", Programs.Command("Api"), Path.Combine(system.Logs, "api.log"), system.Environment(proxy, system.ApiUrl)));
            await system._api.StartAsync(cancellationToken);
            foreach (var silo in system.Silos)
                await UntilReadyAsync(silo.Url, StartPatience, cancellationToken);
            await UntilReadyAsync(system.ApiUrl, StartPatience, cancellationToken);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one more silo.</summary>
    public async Task<SiloNode> AddSiloAsync(CancellationToken cancellationToken)
    {
        var name = $"silo-{Text(++_numbered)}";
        var proxy = AddProxy($"{name} and Postgres", Postgres.Port);
        var (url, port) = ($"http://127.0.0.1:{Text(FreePort.Any())}", FreePort.Any());
        var environment = Environment(proxy, url);
        environment["Silo__Port"] = Text(port);
        environment["Silo__GatewayPort"] = Text(FreePort.Any());
        string[] command = _options.Plant is { } plant
            ? [Programs.Dotnet, Path.Combine(AppContext.BaseDirectory, "Chaos.dll"), "silo", plant] : Programs.Command("Silo");
        var supervisor = Watch(new ProgramPart(name, command, Path.Combine(Logs, $"{name}.log"), environment));
        await supervisor.StartAsync(cancellationToken);
        var node = new SiloNode(name, supervisor, proxy, url, port);
        _silos.Add(node);
        return node;
    }

    /// <summary>Stops a silo cleanly, for good.</summary>
    public async Task RemoveSiloAsync(SiloNode silo)
    {
        _silos.Remove(silo);
        await silo.Supervisor.StopAsync();
        _proxies.Remove(silo.Postgres);
        await silo.Postgres.DisposeAsync();
    }

    /// <summary>Kills every silo, and waits until all are back.</summary>
    /// <exception cref="TimeoutException">One does not become ready again.</exception>
    public async Task KillSilosAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        foreach (var silo in _silos)
            if (silo.Pid is { } pid)
                ProcessIdentity.Of(pid)?.Send(PosixSignalNumber.Kill);
        await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        BringBack();
        foreach (var silo in _silos)
            await UntilReadyAsync(silo.Url, patience, cancellationToken);
        await UntilReadyAsync(ApiUrl, patience, cancellationToken);
    }

    /// <summary>Brings back whatever is gone, at once.</summary>
    public void BringBack()
    {
        foreach (var silo in _silos)
            silo.Supervisor.BringBack();
        _api?.BringBack();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos)
            if (silo.Pid is { } pid)
                ProcessIdentity.Of(pid)?.Send(PosixSignalNumber.Cont);
        await Task.WhenAll(_silos.Select(s => s.Supervisor.StopAsync()).Append(_api?.StopAsync() ?? Task.CompletedTask));
        foreach (var proxy in _proxies)
            await proxy.DisposeAsync();
        if (_kafkaProxy is not null)
            await _kafkaProxy.DisposeAsync();
        if (Broker is not null)
            await Broker.DisposeAsync();
        if (_ownsPostgres)
            await Postgres.DisposeAsync();
    }

    /// <exception cref="TimeoutException">It did not become ready; the message says what it answered last.</exception>
    private static async Task UntilReadyAsync(string url, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var said = "nothing";
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < patience; await Task.Delay(100, cancellationToken))
        {
            try
            {
                using var response = await http.GetAsync(new Uri($"{url}/health/ready"), cancellationToken);
                if (response.IsSuccessStatusCode)
                    return;
                said = await response.Content.ReadAsStringAsync(cancellationToken);
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }
            catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Not yet.
            }
        }

        throw new TimeoutException($"{url} does not become ready within {patience.TotalSeconds:0} s; it says: {said}");
    }

    private async Task StartBrokerAsync(CancellationToken cancellationToken)
    {
        if (_options.RealKafka)
        {
            var home = PrivateKafka.Home() ?? throw new InvalidOperationException("KAFKA_HOME does not name an Apache Kafka 4 distribution, or Java 17+ is missing.");
            var (port, advertised) = (FreePort.Any(), FreePort.Any());
            _kafkaProxy = Proxy.Start("everyone and Kafka", port, advertised);
            _proxies.Add(_kafkaProxy);
            Broker = await PrivateKafka.StartAsync(home, Path.Combine(_folder, "kafka"), port, advertised, cancellationToken);
        }
        else
        {
            Broker = EmulatedKafka.Start();
        }

        await ShopTopics.CreateAsync(Broker, Partitions, cancellationToken);
    }

    private Proxy AddProxy(string name, int target)
    {
        var proxy = Proxy.Start(name, target);
        _proxies.Add(proxy);
        return proxy;
    }

    private Dictionary<string, string?> Environment(Proxy postgres, string url) => new()
    {
        ["ConnectionStrings__Postgres"] = new Npgsql.NpgsqlConnectionStringBuilder(DirectPostgres) { Port = postgres.Port, MaxPoolSize = 30 }.ConnectionString,
        ["Kafka__BootstrapServers"] = Broker.BootstrapServers,
        ["Kafka__Incarnation"] = Broker.Incarnation,
        ["Kafka__CreateMissingTopics"] = "true",
        ["ASPNETCORE_URLS"] = url,
    };

    private Supervisor Watch(ProgramPart part) => new(part, TimeProvider.System, NullLogger.Instance, () => { });

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
