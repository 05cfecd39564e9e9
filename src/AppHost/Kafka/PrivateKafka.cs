using System.Diagnostics;
using AppHost.Processes;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace AppHost.Kafka;

/// <summary>A single Apache Kafka node of our own (KRaft), from the distribution that KAFKA_HOME names: own folder, own ports, loopback only.</summary>
public sealed class PrivateKafka : IKafkaBroker, IPart
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(120);

    private readonly string _home;
    private readonly string _folder;
    private OwnedProcess? _process;

    private readonly int _port;

    private PrivateKafka(string home, string folder, int port, int advertised)
    {
        (_home, _folder, _port) = (home, folder, port);
        BootstrapServers = $"127.0.0.1:{advertised}";
    }

    /// <inheritdoc/>
    public string Kind => "Apache Kafka";

    /// <inheritdoc/>
    public string Name => "kafka";

    /// <inheritdoc/>
    public string LogFile => Path.Combine(_folder, "kafka.log");

    /// <inheritdoc/>
    public string BootstrapServers { get; }

    /// <inheritdoc/>
    public string? Incarnation => null;

    /// <summary>The broker's process id, or null when it is stopped.</summary>
    public int? Pid => _process is { HasExited: false } p ? p.Pid : null;

    /// <summary>The distribution that KAFKA_HOME names, or null when it names none or Java is missing.</summary>
    public static string? Home()
    {
        var home = System.Environment.GetEnvironmentVariable("KAFKA_HOME");
        return home is not null && Directory.Exists(Path.Combine(home, "libs")) && File.Exists(Java()) ? home : null;
    }

    /// <summary>Starts a broker on a folder, which is formatted at the first start and kept.</summary>
    /// <param name="home">The distribution.</param>
    /// <param name="folder">Where its data lies.</param>
    /// <param name="port">The port, or null for a free one.</param>
    /// <param name="advertised">The port that clients are told, where a proxy stands before the broker; null for its own.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task<PrivateKafka> StartAsync(
        string home, string folder, int? port = null, int? advertised = null, CancellationToken cancellationToken = default)
    {
        folder = Path.GetFullPath(folder);
        Directory.CreateDirectory(folder);
        var own = port ?? FreePort.Any();
        var broker = new PrivateKafka(home, folder, own, advertised ?? own);
        broker.Configure();
        try
        {
            if (!File.Exists(Path.Combine(folder, "data", "meta.properties")))
                await broker.FormatAsync(cancellationToken);
            await broker.StartAsync(cancellationToken);
            return broker;
        }
        catch
        {
            await broker.DisposeAsync(); // nobody else has it yet
            throw;
        }
    }

    /// <summary>Starts it again after a stop or a kill.</summary>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        _process = await OwnedProcess.StartAsync("kafka", JavaCommand("kafka.Kafka", Properties), LogFile);
        var started = Stopwatch.StartNew();
        using var admin = Admin();
        while (true)
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"Kafka does not start in {_folder}. Its last words:{System.Environment.NewLine}{_process.LogTail()}");
            try
            {
                admin.GetMetadata(TimeSpan.FromSeconds(2));
                return;
            }
            catch (KafkaException) when (started.Elapsed < StartPatience)
            {
                await Task.Delay(100, cancellationToken);
            }
        }
    }

    /// <summary>Stops it cleanly.</summary>
    public Task<bool> StopAsync() => _process?.StopAsync(OwnedProcess.StopPatience) ?? Task.FromResult(true);

    /// <inheritdoc/>
    public Task<int> WaitForExitAsync(CancellationToken cancellationToken = default) =>
        (_process ?? throw new InvalidOperationException("Kafka was not started.")).WaitForExitAsync(cancellationToken);

    /// <summary>Ends it at once, as a crash would.</summary>
    public Task KillAsync() => _process?.KillAsync() ?? Task.CompletedTask;

    /// <inheritdoc/>
    public async Task CreateTopicAsync(string name, int partitions, CancellationToken cancellationToken = default)
    {
        using var admin = Admin();
        try
        {
            await admin.CreateTopicsAsync([new TopicSpecification { Name = name, NumPartitions = partitions, ReplicationFactor = 1 }]);
        }
        catch (CreateTopicsException e) when (e.Results.All(r => r.Error.Code is ErrorCode.TopicAlreadyExists or ErrorCode.NoError))
        {
            // It is there: what was asked for.
        }
    }

    /// <inheritdoc/>
    public async Task GrowTopicAsync(string name, int partitions, CancellationToken cancellationToken = default)
    {
        using var admin = Admin();
        await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = name, IncreaseTo = partitions }]);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_process is not null)
            await _process.DisposeAsync();
    }

    private string Properties => Path.Combine(_folder, "server.properties");

    private void Configure()
    {
        var controller = FreePort.Any();
        File.WriteAllText(Properties, $"""
            process.roles=broker,controller
            node.id=1
            controller.quorum.voters=1@127.0.0.1:{controller}
            listeners=PLAINTEXT://127.0.0.1:{_port},CONTROLLER://127.0.0.1:{controller}
            advertised.listeners=PLAINTEXT://{BootstrapServers}
            controller.listener.names=CONTROLLER
            listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
            log.dirs={Path.Combine(_folder, "data")}
            offsets.topic.replication.factor=1
            offsets.topic.num.partitions=4
            transaction.state.log.num.partitions=4
            transaction.state.log.replication.factor=1
            transaction.state.log.min.isr=1
            share.coordinator.state.topic.replication.factor=1
            share.coordinator.state.topic.min.isr=1
            group.initial.rebalance.delay.ms=0
            auto.create.topics.enable=false
            num.partitions=4
            """);
        File.WriteAllText(Path.Combine(_folder, "log4j2.properties"), """
            rootLogger.level=WARN
            rootLogger.appenderRef.console.ref=console
            appender.console.type=Console
            appender.console.name=console
            appender.console.layout.type=PatternLayout
            appender.console.layout.pattern=%d{ISO8601} %p %m (%c)%n
            """);
    }

    private async Task FormatAsync(CancellationToken cancellationToken)
    {
        // An id of 16 bytes in base 64, without the characters that differ between its alphabets: one that began with '-' would be read as an option.
        var cluster = Convert.ToBase64String(Guid.NewGuid().ToByteArray()).Replace('+', 'A').Replace('/', 'B').TrimEnd('=');
        await using var format = await OwnedProcess.StartAsync(
            "kafka format", JavaCommand("kafka.tools.StorageTool", "format", "-t", cluster, "-c", Properties), Path.Combine(_folder, "format.log"));
        if (await format.WaitForExitAsync(cancellationToken) != 0)
            throw new InvalidOperationException($"Kafka's folder {_folder} cannot be formatted:{System.Environment.NewLine}{format.LogTail()}");
    }

    private string[] JavaCommand(string program, params string[] arguments) =>
    [
        Java()!, "-Xmx1g", .. JvmOptions(), $"-Dlog4j2.configurationFile={Path.Combine(_folder, "log4j2.properties")}",
        $"-Dkafka.logs.dir={_folder}", "-cp", Path.Combine(_home, "libs", "*"), program, .. arguments,
    ];

    /// <summary>
    /// As Kafka's own scripts take them. By default the second compiler is left out: it takes longer to be done than most of these brokers live, and time from all
    /// that runs beside them.
    /// </summary>
    private static string[] JvmOptions() =>
        (System.Environment.GetEnvironmentVariable("KAFKA_JVM_PERFORMANCE_OPTS") ?? "-XX:+UseG1GC -XX:TieredStopAtLevel=1").Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string? Java()
    {
        var home = System.Environment.GetEnvironmentVariable("JAVA_HOME");
        return (home is null ? [] : new[] { Path.Combine(home, "bin") })
            .Concat((System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            .Select(folder => Path.Combine(folder, "java")).FirstOrDefault(File.Exists);
    }

    private IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = BootstrapServers })
        .SetLogHandler((_, _) => { }).Build();
}
