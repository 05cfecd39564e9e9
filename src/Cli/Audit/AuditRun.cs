using System.Diagnostics;
using Confluent.Kafka;
using Contracts.Accounts;
using Contracts.Records;
using Contracts.Users;
using Grains.Accounts;
using Grains.Users;
using Npgsql;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace Cli.Audit;

/// <summary>An audit, from its settings to its verdict.</summary>
internal static class AuditRun
{
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(250);

    public static async Task<int> ExecuteAsync(AuditSettings settings, CancellationToken cancellationToken)
    {
        if (AuditTarget.Find(settings, asksKafka: true, out var problem) is not { } target)
            return Cannot(problem);
        try
        {
            await using var database = NpgsqlDataSource.Create(target.Postgres);
            var access = SystemAccess.Load(settings.Data, target.IsOther);
            using var log = new TopicLog(access.Kafka(target.Kafka!));
            var store = new StoreTables(database, settings.Schema);
            var report = new AuditReport(target);
            using var answers = target.Api is { } api ? new HttpAnswers(api, settings.Answers) : null;
            var registry = target.OpenRegistry(access);
            foreach (var aggregate in Aggregates(registry))
                await TopicAsync(aggregate, log, store, report, answers, settings.Wait, cancellationToken);
            await WholeAsync(store, log, report, cancellationToken);
            await ProjectionTables.CheckAsync(store, report, settings.Wait, cancellationToken);
            if (answers is not null)
                await answers.CheckAsync(report, cancellationToken);
            return report.Print(settings.Json);
        }
        catch (Exception e) when (e is NpgsqlException or KafkaException or InvalidOperationException or SchemaRegistryUnavailableException)
        {
            return Cannot($"The audit could not be finished: {e.Message}");
        }
    }

    private static AuditedAggregate[] Aggregates(ISchemaRegistry registry) =>
    [
        new AuditedAggregate<User, UserRecord, IUserEvent>(
            "user", "user-events", new AvroRecordDecoder<UserRecord>(registry), r => r.UserId, r => r.EventId, r => r.Timestamp),
        new AuditedAggregate<Account, TransactionRecord, IAccountEvent>(
            "account", "transactions", new AvroRecordDecoder<TransactionRecord>(registry), r => r.AccountId, r => r.EventId, r => r.Timestamp),
    ];

    private static async Task TopicAsync(
        AuditedAggregate aggregate, TopicLog log, StoreTables store, AuditReport report, HttpAnswers? answers, TimeSpan patience,
        CancellationToken cancellationToken)
    {
        var incarnation = await log.IncarnationAsync(aggregate.Topic) ?? await LastIncarnationAsync(aggregate.Topic, log, store, patience, cancellationToken);
        if (incarnation is null && HasRecords(log, aggregate.Topic))
            report.Unread($"{aggregate.Topic} has records, but no silo has a checkpoint of it after {patience.TotalSeconds} s: let the system catch up, or wait longer with --wait.");
        foreach (var partition in incarnation is null ? [] : log.Partitions(aggregate.Topic))
        {
            var (low, high) = log.Range(aggregate.Topic, partition);
            if (!await IsReadAsync(store, aggregate.Topic, incarnation!, partition, high, patience, cancellationToken))
            {
                report.Unread($"{aggregate.Topic}/{partition} is not read to its end ({high}) after {patience.TotalSeconds} s: let the system catch up, or wait longer with --wait.");
                continue;
            }

            var result = new PartitionResult(aggregate.Topic, partition) { Missing = low };
            report.Partitions.Add(result);
            var records = await log.ReadAsync(aggregate, partition, low, high, cancellationToken);
            // States are compared only where all of a stream's records are there to decide again.
            await new PartitionAudit(aggregate, result, records, report.Tell).RunAsync(
                store, incarnation!, low, high, (stream, version, state) => answers?.Expect(stream, version, state));
        }
    }

    /// <summary>Only the store knows what the topic of a broker without topic ids is called; it may not have read that topic yet.</summary>
    private static async Task<string?> LastIncarnationAsync(
        string topic, TopicLog log, StoreTables store, TimeSpan patience, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var found = await store.LastIncarnationAsync(topic);
            if (found is not null || waited.Elapsed > patience || !HasRecords(log, topic))
                return found;
            await Task.Delay(PollEvery, cancellationToken);
        }
    }

    private static bool HasRecords(TopicLog log, string topic) => log.Partitions(topic).Any(p => log.Range(topic, p).High > 0);

    // What is on its way is not lost: the checkpoint must reach the end first.
    private static async Task<bool> IsReadAsync(
        StoreTables store, string topic, string incarnation, int partition, long high, TimeSpan patience, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (high > 0 && (await store.CheckpointAsync(topic, incarnation, partition) ?? 0) < high)
        {
            if (waited.Elapsed > patience)
                return false;
            await Task.Delay(PollEvery, cancellationToken);
        }

        return true;
    }

    private static async Task WholeAsync(StoreTables store, TopicLog log, AuditReport report, CancellationToken cancellationToken)
    {
        foreach (var topic in new[] { "user-events", "transactions" })
            await foreach (var row in RowsBeyondAsync(topic, log, store))
                report.Differ($"{row}, where no record lies");
        await foreach (var row in store.RowsOfOtherTopicsAsync("user-events", "transactions"))
            report.Differ($"{row}, a topic that nothing reads");
        await foreach (var stream in store.BrokenStreamsAsync())
            report.Differ($"stream {stream}");
        await foreach (var e in store.EventsWithoutRecordAsync())
        {
            if (e.Source is not { CommandId: { } command } source)
                report.Differ($"event {e.Version} of {e.StreamKey} was caused by no record and no command");
            else if (e.Id != EventStore.Aggregates.EventIds.OfEvent(EventStore.Aggregates.EventIds.OfCommand(e.StreamKey, command), source.Index))
                report.Differ($"event {e.Version} of {e.StreamKey} does not have the id of its command '{command}'");
            else
                report.CommandEvents++;
        }

        await foreach (var problem in StoreMath.CheckAsync(store, cancellationToken))
            report.Differ(problem);
    }

    private static async IAsyncEnumerable<string> RowsBeyondAsync(string topic, TopicLog log, StoreTables store)
    {
        var incarnation = await log.IncarnationAsync(topic) ?? await store.LastIncarnationAsync(topic);
        long[] ends = [.. log.Partitions(topic).Select(p => log.Range(topic, p).High)];
        if (incarnation is null)
            yield break;
        // A record that came meanwhile lies there by now.
        await foreach (var (what, partition, offset) in store.RowsBeyondAsync(topic, incarnation, ends))
            if (offset < 0 || partition < 0 || partition >= ends.Length || offset >= log.Range(topic, partition).High)
                yield return what;
    }

    private static int Cannot(string message)
    {
        Console.Error.WriteLine(message);
        return 2;
    }
}
