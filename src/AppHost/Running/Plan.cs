using System.Globalization;
using AppHost.Processes;

namespace AppHost.Running;

/// <summary>What is started, where it listens, and what it is told.</summary>
public sealed class Plan
{
    private const int FirstSiloPort = 11111;
    private const int FirstGatewayPort = 30000;
    private const int FirstHttpPort = 8081;

    /// <summary>At the lag where the emulator would soon drop what was not read, the load waits.</summary>
    private const int LoadLagLimit = 2_000;

    private readonly UpOptions _options;
    private readonly Store _store;
    private readonly Broker _broker;

    /// <summary>Chooses the ports.</summary>
    public Plan(UpOptions options, Store store, Broker broker)
    {
        (_options, _store, _broker) = (options, store, broker);
        ApiUrl = Url(FreePort.AtOrAfter(options.Port));
        var (silo, gateway, http) = (FirstSiloPort, FirstGatewayPort, FirstHttpPort);
        for (var number = 1; number <= options.Silos; number++)
        {
            (silo, gateway, http) = (FreePort.AtOrAfter(silo), FreePort.AtOrAfter(gateway), FreePort.AtOrAfter(http));
            var url = Url(http);
            Silos.Add((Part($"silo-{number}", "Silo", url, ("Silo__Port", Text(silo++)), ("Silo__GatewayPort", Text(gateway++))), url));
            http++;
        }

        Api = Part("api", "Api", ApiUrl);
        Load = options.Demo
            ? Part("load", "Producer", ["--data", options.Data, "--rate", "50/sec", "--users", "500", "--transactions", "200", "--poison", "1", "--heed-lag", Text(LoadLagLimit)], [])
            : null;
    }

    /// <summary>The silos, each with the address where it answers for its health and metrics.</summary>
    public List<(ProgramPart Part, string Url)> Silos { get; } = [];

    /// <summary>The API and the page.</summary>
    public ProgramPart Api { get; }

    /// <summary>Its address.</summary>
    public string ApiUrl { get; }

    /// <summary>The gentle load, or null.</summary>
    public ProgramPart? Load { get; }

    /// <summary>The addresses that are known before anything runs.</summary>
    public Endpoints Describe(string control) => new()
    {
        Api = ApiUrl,
        Dashboard = $"{ApiUrl}/dashboard",
        Kafka = _broker.BootstrapServers,
        KafkaKind = _broker.Own?.Kind ?? Endpoints.GivenKafka,
        KafkaIncarnation = _broker.Own?.Incarnation,
        Registry = _options.Settings["SchemaRegistry:Url"] ?? $"{ApiUrl}/schema-registry",
        SchemaRegistryUrl = _options.Settings["SchemaRegistry:Url"],
        Postgres = _store.ConnectionString,
        Control = control,
        StartedWith = StartedWith.Of(_options),
        Silos = [.. Silos.Select(s => s.Url)],
    };

    private ProgramPart Part(string name, string program, string url, params (string Name, string Value)[] variables) =>
        Part(name, program, [], [("ASPNETCORE_URLS", url), .. variables]);

    private ProgramPart Part(string name, string program, string[] arguments, (string Name, string Value)[] variables)
    {
        var environment = _options.Settings.ToEnvironment();
        environment["ConnectionStrings__Postgres"] = _store.ConnectionString;
        environment["Kafka__BootstrapServers"] = _broker.BootstrapServers;
        Default("Jobs:LakeFolder", Path.Combine(Path.GetFullPath(_options.Data), "lake"));
        Default("Kafka:CreateMissingTopics", "true");
        if (_broker.Own?.Incarnation is { } incarnation)
        {
            environment["Kafka__Incarnation"] = incarnation;
            // The emulator's topics are new at each start, which up has said: that is no gap to stop at.
            Default("Kafka:OnGap", "SkipToEarliest");
        }

        foreach (var (variable, value) in variables)
            environment[variable] = value;
        return new ProgramPart(name, Programs.Command(program, arguments), _options.Log(name), environment);

        void Default(string setting, string value)
        {
            if (_options.Settings[setting] is null)
                environment[Settings.Variable(setting)] = value;
        }
    }

    private static string Url(int port) => $"http://127.0.0.1:{Text(port)}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
