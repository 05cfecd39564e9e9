using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using AppHost.Processes;
using Confluent.Kafka;

namespace Shared;

/// <summary>The ceiling: consuming a filled topic in a plain loop on one thread, in a process of its own.</summary>
public static class BareLoop
{
    private const string Name = "run-loop";

    /// <summary>The command by which a benchmark's program becomes that process.</summary>
    /// <typeparam name="TKey">What keys are read as.</typeparam>
    /// <param name="take">What is done with each value.</param>
    public static Command Command<TKey>(Func<byte[], ValueTask> take)
    {
        var bootstrap = new Option<string>("--bootstrap") { Required = true };
        var topic = new Option<string>("--topic") { Required = true };
        var events = new Option<long>("--events") { Required = true };
        var command = new Command(Name, "Started by the benchmark: the bare consumer.") { bootstrap, topic, events };
        command.SetAction((parsed, _) => ReadAsync<TKey>(parsed.GetValue(bootstrap)!, parsed.GetValue(topic)!, parsed.GetValue(events), take));
        return command;
    }

    /// <summary>Runs it over a topic's records, counted from the first one on.</summary>
    /// <returns>Their rate, and the processor time of the loop.</returns>
    public static async Task<(double PerSecond, double Seconds)> RunAsync(Lab lab, string topic, long events, CancellationToken cancellationToken)
    {
        await using var process = await StartAsync(lab, topic, events);
        await process.WaitForExitAsync(cancellationToken);
        return (process.Number("rate "), process.Number("used "));
    }

    /// <summary>Starts it. When it ends it has said "rate", "used", "p50" and "p99".</summary>
    public static Task<OwnedProcess> StartAsync(Lab lab, string topic, long events) => Contender.StartAsync(
        "loop", lab.Folder, Name, "--bootstrap", lab.Kafka.BootstrapServers, "--topic", topic, "--events", events.ToString(CultureInfo.InvariantCulture));

    private static async Task<int> ReadAsync<TKey>(string bootstrap, string topic, long events, Func<byte[], ValueTask> take)
    {
        using var consumer = new ConsumerBuilder<TKey, byte[]>(new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = "bare-loop",
            EnableAutoCommit = false,
            FetchQueueBackoffMs = 2, // by default a second, in which a fast reader has nothing
        }).Build();
        using (var admin = new DependentAdminClientBuilder(consumer.Handle).Build())
        {
            var partitions = admin.GetMetadata(topic, TimeSpan.FromSeconds(10)).Topics[0].Partitions;
            consumer.Assign(partitions.Select(p => new TopicPartitionOffset(topic, p.PartitionId, Offset.Beginning)));
        }

        Console.WriteLine("ready");
        var (clock, used, waits) = (new Stopwatch(), TimeSpan.Zero, new Waits());
        for (long count = 0; count < events; count++)
        {
            var message = consumer.Consume(TimeSpan.FromSeconds(30))?.Message ?? throw new TimeoutException("Nothing came for 30 s.");
            if (count == 0)
                used = Environment.CpuUsage.TotalTime;
            clock.Start();
            if (count > events / 3)
                waits.Count(message.Timestamp.UnixTimestampMs);
            await take(message.Value);
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"rate {events / clock.Elapsed.TotalSeconds:0} used {(Environment.CpuUsage.TotalTime - used).TotalSeconds:0.00} {waits}"));
        return 0;
    }
}
