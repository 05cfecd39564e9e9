using System.CommandLine;
using System.Globalization;
using AppHost.Processes;
using EventStore.Checkpoints;
using EventStore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Streams.Kafka;
using Shared;

namespace Consume;

/// <summary>A silo with nothing but the stream provider, in a process of its own.</summary>
internal static class ProviderSilo
{
    public const string Provider = "kafka";
    private const string Name = "run-silo";
    private const string Stream = "records";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The command by which the benchmark's program becomes that process.</summary>
    public static Command Command()
    {
        var bootstrap = new Option<string>("--bootstrap") { Required = true };
        var topic = new Option<string>("--topic") { Required = true };
        var postgres = new Option<string>("--postgres") { Required = true };
        var events = new Option<long>("--events") { Required = true };
        var shape = new Option<string>("--shape") { Required = true };
        var command = new Command(Name, "Started by the benchmark: a silo.") { bootstrap, topic, postgres, events, shape };
        command.SetAction((parsed, _) => HostAsync(
            parsed.GetValue(bootstrap)!, parsed.GetValue(topic)!, parsed.GetValue(postgres)!, parsed.GetValue(events), parsed.GetValue(shape)!));
        return command;
    }

    /// <summary>Starts one over a topic. When it ends it has said "rate", "used", "p50" and "p99".</summary>
    public static Task<OwnedProcess> StartAsync(Lab lab, string topic, string postgres, long events, string shape) => Contender.StartAsync(
        "silo", lab.Folder, Name, "--bootstrap", lab.Kafka.BootstrapServers, "--topic", topic, "--postgres", postgres,
        "--events", events.ToString(CultureInfo.InvariantCulture), "--shape", shape);

    private static async Task<int> HostAsync(string bootstrap, string topic, string postgres, long events, string shape)
    {
        var progress = new Progress(events);
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton(progress);
        builder.Services.AddEventStore(options => options.ConnectionString = postgres);
        builder.Services.AddSingleton<Checkpoints>();
        builder.Services.AddSingleton<IKafkaCheckpointStore>(s => s.GetRequiredService<Checkpoints>());
        builder.Services.AddSingleton<IKafkaPartitionStart>(s => s.GetRequiredService<Checkpoints>());
        builder.Services.AddSingleton<IKafkaUnroutableHandler, NoUnroutable>();
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(FreePort.Any(), FreePort.Any(), serviceId: "consume", clusterId: "consume");
            if (shape == "key")
                silo.AddKafkaStreams(Provider, o => Read(o).ConsumerGroup = "consume").AddKafkaImplicitSubscription<KeyGrain>(Stream);
            else
                silo.AddKafkaPartitionStreams(Provider, o => Read(o)).AddKafkaImplicitSubscription<PartitionGrain>(Stream);
        });
        using var host = builder.Build();
        await host.StartAsync();
        await UntilAsync(() => IsReading(host.Services.GetRequiredService<IKafkaStreamsStatus>()), "The partitions are not read.");
        Console.WriteLine("ready");

        // For as long as something comes.
        for (var taken = -1L; progress.Taken < events;)
        {
            if (progress.Taken == taken)
                throw new TimeoutException($"{taken} of {events} records came, and nothing more for {Patience.TotalSeconds} s.");
            taken = progress.Taken;
            for (var waited = TimeSpan.Zero; progress.Taken < events && waited < Patience; waited += TimeSpan.FromMilliseconds(5))
                await Task.Delay(5);
        }

        var (rate, used) = (events / progress.Elapsed.TotalSeconds, progress.Used);
        var checkpoints = host.Services.GetRequiredService<IPartitionCheckpoints>();
        await UntilAsync(async () => (await checkpoints.ListAsync()).Sum(c => c.NextOffset ?? 0) == events, "The checkpoints don't reach the end.");
        if (progress.Taken != events)
            throw new InvalidOperationException($"{progress.Taken - events} records came twice.");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rate {rate:0} used {used.TotalSeconds:0.00} {progress.Waits}"));
        await host.StopAsync();
        return 0;

        KafkaProviderOptions Read(KafkaProviderOptions options)
        {
            options.BootstrapServers = bootstrap;
            return options.AddStream(Stream, topic);
        }
    }

    private static Task<bool> IsReading(IKafkaStreamsStatus status) =>
        Task.FromResult(status.Topics is [{ Partitions: > 0 } topic] && status.Partitions.Count(p => p.State == KafkaPartitionState.Reading) == topic.Partitions);

    private static async Task UntilAsync(Func<Task<bool>> condition, string otherwise)
    {
        for (var waited = TimeSpan.Zero; !await condition(); waited += TimeSpan.FromMilliseconds(20))
        {
            if (waited > Patience)
                throw new TimeoutException(otherwise);
            await Task.Delay(20);
        }
    }
}
