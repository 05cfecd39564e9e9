using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Confluent.Kafka;
using Contracts.Records;
using Producer.Generation;
using Producer.Sending;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace Producer;

/// <summary>A run, from its settings to its summary.</summary>
internal static class Run
{
    private static readonly TimeSpan FlushPatience = TimeSpan.FromSeconds(60);
    private static readonly DateTimeOffset SeededStart = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static async Task<int> ExecuteAsync(Settings settings, CancellationToken cancellationToken)
    {
        var endpoints = Endpoints.Find(settings.Data);
        var bootstrap = settings.Bootstrap ?? endpoints?.Kafka;
        if (bootstrap is null)
            return Wrong("There is no Kafka to send to: no .data/endpoints.json lies here or further up. Start the system with ./dev up, or name a broker with --bootstrap HOST:PORT.");
        try
        {
            var source = await SourceAsync(settings, settings.Registry ?? endpoints?.SchemaRegistryUrl, cancellationToken);
            await Topics.EnsureAsync(bootstrap, settings.Transactions > 0 ? [settings.Topic, "transactions"] : [settings.Topic]);
            using var sender = new Sender(bootstrap, measureAll: settings.Rate.RecordsPerSecond is <= 5_000);
            using var gate = settings.HeedLag is { } limit && endpoints?.Api is { } api ? new LagGate(api, limit) : null;
            return await SendAsync(settings, source, sender, gate, cancellationToken);
        }
        catch (KafkaException e)
        {
            return Wrong($"Kafka at {bootstrap} does not answer: {e.Error.Reason}");
        }
        catch (Exception e) when (e is SchemaRegistryUnavailableException or InvalidSchemaException or IncompatibleSchemaException)
        {
            return Wrong(e.Message);
        }
    }

    private static async Task<RecordSource> SourceAsync(Settings settings, string? registryUrl, CancellationToken cancellationToken)
    {
        var folder = new FolderSchemaRegistry(Path.Combine(AppContext.BaseDirectory, "schemas"));
        var registry = registryUrl is null ? folder : SchemaRegistryServiceCollectionExtensions.Create(new SchemaRegistryOptions { Url = registryUrl });
        var schemas = await folder.ListAsync(cancellationToken);
        var seed = settings.Seed ?? Random.Shared.Next();
        var shop = new ShopGenerator(
            seed, settings.Seed is null ? DateTimeOffset.UtcNow : SeededStart, settings.Rate.RecordsPerSecond ?? 20_000, settings.Users,
            settings.Transactions, settings.Late);
        return new RecordSource(
            shop, new AvroRecordEncoder<UserRecord>(await Register("user-events", settings.Topic)),
            new AvroRecordEncoder<TransactionRecord>(await Register("transactions", "transactions")), settings.Topic, seed, settings.Duplicates, settings.Poison);

        ValueTask<RegisteredSchema> Register(string name, string topic) =>
            registry.RegisterAsync($"{(registryUrl is null ? name : topic)}-value", schemas.Last(s => s.Subject == $"{name}-value").Schema, cancellationToken);
    }

    private static async Task<int> SendAsync(Settings settings, RecordSource source, Sender sender, LagGate? gate, CancellationToken cancellationToken)
    {
        var counts = new long[4];
        var clock = Stopwatch.StartNew();
        var stopped = false;
        await Progress.ShowAsync(settings, () => (sender.Acknowledged, clock.Elapsed), async () =>
        {
            try
            {
                await LoopAsync();
            }
            catch (OperationCanceledException)
            {
                stopped = true;
            }
        });
        var unsent = sender.Flush(FlushPatience);
        clock.Stop();
        Report(settings, sender, counts, clock.Elapsed, unsent);
        return stopped ? 130 : sender.Failed + unsent > 0 ? 1 : 0;

        async Task LoopAsync()
        {
            long plain = 0;
            for (long number = 0; ; number++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (settings.Duration is { } duration && clock.Elapsed >= duration)
                    return;
                if (gate is not null)
                    await gate.PassAsync(cancellationToken);
                var record = source.Next();
                if (record.Kind is RecordKind.UserEvent or RecordKind.Transaction && plain++ >= settings.Events)
                    return;
                await PaceAsync(settings.Rate, number, clock, cancellationToken);
                sender.Send(record, number, cancellationToken);
                counts[(int)record.Kind]++;
            }
        }
    }

    // By the clock from the start, not by pauses between records: these would add up.
    private static async ValueTask PaceAsync(Rate rate, long number, Stopwatch clock, CancellationToken cancellationToken)
    {
        if (rate.RecordsPerSecond is not { } perSecond)
            return;
        var ahead = TimeSpan.FromSeconds(number / perSecond) - clock.Elapsed;
        if (ahead > TimeSpan.FromMilliseconds(1))
            await Task.Delay(ahead, cancellationToken);
    }

    private static void Report(Settings settings, Sender sender, long[] counts, TimeSpan elapsed, int unsent)
    {
        var (p50, p99) = (sender.Latency(50), sender.Latency(99));
        var rate = sender.Acknowledged / Math.Max(elapsed.TotalSeconds, 0.001);
        var failed = sender.Failed + unsent;
        if (settings.Json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                acknowledged = sender.Acknowledged, failed, seconds = Math.Round(elapsed.TotalSeconds, 3), rate = Math.Round(rate),
                p50_ms = p50.TotalMilliseconds, p99_ms = p99.TotalMilliseconds, user_events = counts[0], transactions = counts[1],
                duplicates = counts[2], poison = counts[3], error = sender.FirstError,
            }));
            return;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{sender.Acknowledged:#,0} records acknowledged in {elapsed.TotalSeconds:0.0} s ({rate:#,0}/s), latency p50 {p50.TotalMilliseconds:0.0} ms, p99 {p99.TotalMilliseconds:0.0} ms"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  user events {counts[0]:#,0}   transactions {counts[1]:#,0}   duplicates {counts[2]:#,0}   poison {counts[3]:#,0}"));
        if (failed > 0)
            Console.Error.WriteLine($"{failed} records were not acknowledged: {sender.FirstError ?? "no answer from Kafka"}");
    }

    private static int Wrong(string message)
    {
        Console.Error.WriteLine(message);
        return 2;
    }
}
