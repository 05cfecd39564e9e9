using System.Diagnostics;
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
    /// <summary>How long a stopped run may take to flush and report; a little more than flushing may.</summary>
    public static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(35);

    private static readonly TimeSpan FlushPatience = TimeSpan.FromSeconds(30);

    public static async Task<int> ExecuteAsync(Settings settings, CancellationToken cancellationToken)
    {
        var endpoints = Endpoints.Find(settings.Data);
        var bootstrap = settings.Bootstrap ?? endpoints?.Kafka;
        if (bootstrap is null)
            return Wrong($"There is no Kafka to send to: {Endpoints.Missing(settings.Data)}. Start the system with ./dev up, or name a broker with --bootstrap HOST:PORT.");
        if (settings.HeedLag is not null && endpoints?.Api is null)
            return Wrong("--heed-lag asks the running system, but no endpoints.json names its API. Name its data folder with --data.");
        try
        {
            // Another broker than the running system's has nothing to do with its registry, nor with its settings.
            var registry = settings.Registry ?? (settings.Bootstrap is null ? endpoints?.SchemaRegistryUrl : null);
            var seed = settings.Seed ?? Random.Shared.Next();
            var access = SystemAccess.Load(settings.Data, isOther: settings.Bootstrap is not null);
            var client = access.Kafka(bootstrap);
            var source = await SourceAsync(settings, seed, registry is null ? null : access.Registry(registry), cancellationToken);
            await Topics.EnsureAsync(client, settings.Topics);
            using var sender = new Sender(client, settings.IsGentle, settings.Trace ?? settings.IsGentle, Console.Error.WriteLine);
            using var gate = settings.HeedLag is { } limit ? new LagGate(endpoints!.Api!, limit, TimeProvider.System, Console.Error.WriteLine) : null;
            return await SendAsync(settings, source, sender, gate, new Summary(seed), cancellationToken);
        }
        catch (KafkaException e)
        {
            return Wrong($"Kafka at {bootstrap} does not take the topics {string.Join(", ", settings.Topics)}: {e.Error.Reason}");
        }
        catch (Exception e) when (e is SchemaRegistryUnavailableException or InvalidSchemaException or IncompatibleSchemaException)
        {
            return Wrong(e.Message);
        }
    }

    private static async Task<RecordSource> SourceAsync(Settings settings, int seed, ISchemaRegistry? registry, CancellationToken cancellationToken)
    {
        var files = await new FolderSchemaRegistry(Path.Combine(AppContext.BaseDirectory, "schemas")).ListAsync(cancellationToken);
        var shop = new ShopGenerator(
            seed, settings.Seed is null ? EventClock.Live(TimeProvider.System) : EventClock.Seeded, settings.Users, settings.TransactionsPerMille, settings.Late);
        var (users, transactions) = (Newest("user-events"), Newest("transactions"));
        if (registry is not null && settings.TransactionsPerMille < 1000)
            users = await registry.RegisterAsync($"{settings.Topic}-value", users.Schema, cancellationToken);
        if (registry is not null && settings.TransactionsPerMille > 0)
            transactions = await registry.RegisterAsync($"{Settings.TransactionsTopic}-value", transactions.Schema, cancellationToken);
        (registry as IDisposable)?.Dispose();
        return new RecordSource(
            shop, new AvroRecordEncoder<UserRecord>(users), new AvroRecordEncoder<TransactionRecord>(transactions), settings.RecordTopics, seed,
            settings.Duplicates, settings.Poison);

        RegisteredSchema Newest(string topic) => files.Last(s => s.Subject == $"{topic}-value");
    }

    private static async Task<int> SendAsync(
        Settings settings, RecordSource source, Sender sender, LagGate? gate, Summary summary, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var stopped = false;
        await Progress.ShowAsync(settings, () => (sender.Acknowledged, clock.Elapsed), async () =>
        {
            try
            {
                await LoopAsync();
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                stopped = true;
            }

            sender.Flush(FlushPatience);
        });
        var failed = sender.Sent - sender.Acknowledged;
        summary.Print(settings, sender, clock.Elapsed);
        return stopped ? 130 : failed > 0 ? 1 : 0;

        async Task LoopAsync()
        {
            var pacer = new Pacer(settings.Rate, TimeProvider.System);
            long plain = 0;
            while (settings.Duration is not { } duration || clock.Elapsed < duration)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (gate is not null)
                    await gate.PassAsync(cancellationToken);
                await pacer.WaitAsync(cancellationToken);
                var record = source.Next();
                if (record.IsPlain && plain++ == settings.Events)
                    return;
                sender.Send(record, cancellationToken);
                summary.Add(record.Kind);
            }
        }
    }

    private static int Wrong(string message)
    {
        Console.Error.WriteLine(message);
        return 2;
    }
}
