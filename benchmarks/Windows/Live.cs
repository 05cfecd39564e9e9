using System.Collections.Concurrent;
using System.Diagnostics;
using AppHost.Processes;
using Confluent.Kafka;
using SchemaRegistry;
using Shared;

namespace Windows;

/// <summary>
/// Under a steady load whose event time is now, measures how long after the watermark has passed a window's end a read_committed reader has its result. The
/// watermark passes with the first record on the window's partition that is as much behind the end as records may be out of order; the moment it is handed to the
/// producer counts. Beside it, in the same run: how long a plain consumer waits for the records themselves.
/// </summary>
internal sealed class Live(Settings settings, int rate, TimeSpan length, bool overHttp)
{
    // The broker and the silo meet a closing window once in ten seconds: it takes them as many of them to have compiled what they do then.
    private static readonly TimeSpan Skip = TimeSpan.FromSeconds(90);
    private readonly ConcurrentDictionary<string, int> _partitions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(int Partition, long End), long> _passed = new();
    private readonly Stopwatch _clock = new();
    private volatile string? _lastUser;

    public async Task<bool> RunAsync(Lab lab, CancellationToken cancellationToken)
    {
        const string topic = "user-events", output = "live-totals";
        var kafka = lab.Kafka;
        await kafka.CreateTopicAsync(topic, settings.Partitions, cancellationToken);
        await kafka.CreateTopicAsync(output, 4, cancellationToken);
        var database = await lab.Postgres.CreateDatabaseAsync("live", cancellationToken: cancellationToken);
        var port = FreePort.Any();
        await using var ours = await Contender.StartAsync(
            "ours", lab.Folder,
            ["run-ours", "--bootstrap", kafka.BootstrapServers, "--topic", topic, "--events", "0", "--output", output, "--postgres", database, .. overHttp ? ["--port", $"{port}"] : Array.Empty<string>()]);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var http = overHttp ? new HttpReads(port, () => _lastUser, () => _clock.Elapsed > Skip, ending.Token) : null;
        var reading = http is null ? Task.CompletedTask : Task.Run(http.ReadOpenAsync, cancellationToken);
        var results = OnOwnThread(() => ReadResults(kafka.BootstrapServers, output, ending.Token));
        var records = OnOwnThread(() => ReadRecords(kafka.BootstrapServers, topic, ending.Token));
        var sent = await OnOwnThread(() => Send(kafka.BootstrapServers, topic, http));
        await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken); // what the last record has closed
        var from = DateTimeOffset.UtcNow - length + Skip;
        if (http is not null)
            await http.AllAnsweredAsync().WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
        await ending.CancelAsync();
        await reading;
        if (ours.HasExited)
            throw ours.Broken();

        var decoder = new AvroRecordDecoder<WindowTotal>(Schemas.Of(WindowTotal.Schema));
        var (waits, unknown) = (new List<double>(), 0);
        foreach (var (value, at) in await results)
        {
            var total = await decoder.DecodeAsync(value, cancellationToken);
            var end = total.Start.AddSeconds(10);
            if (end < from)
                continue;
            if (_partitions.TryGetValue(total.User, out var partition) && _passed.TryGetValue((partition, end.ToUnixTimeMilliseconds()), out var passed))
                waits.Add(Stopwatch.GetElapsedTime(passed, at).TotalMilliseconds);
            else
                unknown++;
        }

        Bench.Say($"{sent / length.TotalSeconds:#,0} events/s of {settings.Users:#,0} users on {settings.Partitions} partitions for {length.TotalSeconds:0} s; the first {Skip.TotalSeconds:0} s don't count");
        Print("closed result", waits);
        if (http is not null)
        {
            Print("over HTTP", http.Closed);
            Print("open over HTTP", http.Open);
            if (http.Empty > 0)
                Bench.Say($"{http.Empty:#,0} answers had no open window of a user who had one: that is wrong");
        }

        Print("record itself", await records);
        if (unknown > 0)
            Bench.Say($"{unknown:#,0} results came before any record that could have closed them: that is wrong");
        return waits.Count > 0 && unknown == 0;
    }

    /// <summary>These loops never give a thread back: on the pool's, what is read over HTTP would wait for another one.</summary>
    private static Task<T> OnOwnThread<T>(Func<T> loop) => Task.Factory.StartNew(loop, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void Print(string what, List<double> waits)
    {
        waits.Sort();
        double At(double share) => waits.Count == 0 ? double.NaN : waits[(int)Math.Min(waits.Count - 1, share * waits.Count)];
        Bench.Say($"{what,-14} {waits.Count,9:#,0} seen; p50 {At(0.5):0} ms, p95 {At(0.95):0} ms, p99 {At(0.99):0} ms, longest {At(1):0} ms");
    }

    private long Send(string bootstrap, string topic, HttpReads? http)
    {
        var (encoder, random, clock, sent) = (Schemas.UserEvents(), new Random(42), _clock, 0L);
        clock.Start();
        var closed = new Dictionary<int, long>();
        var seen = new Dictionary<(int Partition, long Start), string>();
        string? next = null;
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig
        {
            BootstrapServers = bootstrap,
            Partitioner = Confluent.Kafka.Partitioner.Murmur2Random,
            QueueBufferingMaxMessages = 200_000,
        }).Build();
        while (clock.Elapsed < length)
        {
            for (; sent < clock.Elapsed.TotalSeconds * rate; sent++)
            {
                var now = DateTimeOffset.UtcNow;
                var record = Records.Next(random, random.Next(settings.Users), now);
                var value = encoder.Encode(record);
                if (_partitions.TryGetValue(record.UserId, out var partition))
                {
                    var end = (now.ToUnixTimeMilliseconds() - 5_000) / 10_000 * 10_000;
                    seen.TryAdd((partition, now.ToUnixTimeMilliseconds() / 10_000 * 10_000), record.UserId);
                    if (closed.GetValueOrDefault(partition) < end)
                    {
                        (closed[partition], _passed[(partition, end)]) = (end, Stopwatch.GetTimestamp());
                        if (seen.Remove((partition, end - 10_000), out var user))
                            http?.Await(user, DateTimeOffset.FromUnixTimeMilliseconds(end - 10_000), _passed[(partition, end)]);
                    }

                    if (sent % rate == 0) // one of a second ago, whose record has been taken by now
                        (_lastUser, next) = (next, record.UserId);
                }

                producer.Produce(topic, new() { Key = record.UserId, Value = value }, report => _partitions.TryAdd(report.Message.Key, report.Partition.Value));
            }

            Thread.Sleep(1);
        }

        producer.Flush(CancellationToken.None);
        return sent;
    }

    private static List<(byte[] Value, long At)> ReadResults(string bootstrap, string topic, CancellationToken cancellationToken)
    {
        var results = new List<(byte[], long)>();
        using var consumer = Consumer(bootstrap, topic, 4);
        while (!cancellationToken.IsCancellationRequested)
        {
            if (consumer.Consume(50) is { } result)
                results.Add((result.Message.Value, Stopwatch.GetTimestamp()));
        }

        return results;
    }

    private List<double> ReadRecords(string bootstrap, string topic, CancellationToken cancellationToken)
    {
        var waits = new List<double>();
        var from = DateTimeOffset.UtcNow + Skip;
        using var consumer = Consumer(bootstrap, topic, settings.Partitions);
        while (!cancellationToken.IsCancellationRequested)
        {
            if (consumer.Consume(50) is { } result && DateTimeOffset.UtcNow is var now && now > from)
                waits.Add((now - result.Message.Timestamp.UtcDateTime).TotalMilliseconds);
        }

        return waits;
    }

    private static IConsumer<Ignore, byte[]> Consumer(string bootstrap, string topic, int partitions)
    {
        var consumer = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = "windows-live",
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnableAutoCommit = false,
            FetchWaitMaxMs = 10,
        }).Build();
        consumer.Assign(Enumerable.Range(0, partitions).Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        return consumer;
    }
}
