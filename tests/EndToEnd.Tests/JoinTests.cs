using System.Globalization;
using AppHost.Kafka;
using AppHost.Processes;
using AppHost.Running;
using Confluent.Kafka;
using Contracts.Records;
using Npgsql;
using SchemaRegistry;
using SchemaRegistry.Registries;
using Testing;
using Testing.Kafka;
using Testing.Postgres;

namespace EndToEnd.Tests;

/// <summary>The shop's join in processes of its own, against a fold of the two topics that shares nothing with it.</summary>
public sealed class JoinTests(KafkaBrokers brokers, PostgresServer postgres)
{
    private const long DelayMs = 5_000;
    private const long LatenessMs = 10_000;
    private const long WithinMs = 300_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly string _folder = Directory.CreateDirectory(TestFolder.New()).FullName;

    [Theory, BrokerData]
    public async Task Quick_refunds_are_what_the_two_topics_give_although_the_silo_was_killed_on_the_way(BrokerKind kind)
    {
        await using var broker = await brokers.StartOwnAsync(kind);
        await ShopTopics.CreateAsync(broker, 4);
        var address = await postgres.CreateDatabaseAsync();
        await using var database = NpgsqlDataSource.Create(address);
        var (http, siloPort, gateway) = (FreePort.Any(), FreePort.Any(), FreePort.Any());
        var silo = await StartSiloAsync();
        await using var producer = await StartAsync(
            "Producer", [], "--bootstrap", broker.BootstrapServers, "--events", "9000", "--rate", "900/sec", "--transactions", "400", "--late", "30", "--users", "40", "--seed", "23", "--json");
        await Eventually.Async(() => CountAsync(database), n => n > 0, Patience, "there are results");
        await silo.KillAsync();
        silo = await StartSiloAsync();
        await using (silo)
        {
            Assert.Equal(0, await producer.WaitForExitAsync(TestContext.Current.CancellationToken));
            var (expected, late) = await ExpectedAsync(broker);
            Assert.True(expected.Length > 100 && late > 0, $"{expected.Length} pairs and {late} late records prove little");
            await Eventually.Async(() => CountAsync(database), n => n >= expected.Length, Patience, $"all {expected.Length} pairs are there");
            Assert.Equal(expected, await ResultsAsync(database));
        }

        // On the same ports: the next one then knows at once that the one before is dead.
        Task<OwnedProcess> StartSiloAsync() => StartAsync(
            "Silo",
            new()
            {
                ["ConnectionStrings__Postgres"] = address,
                ["Kafka__BootstrapServers"] = broker.BootstrapServers,
                ["Kafka__Incarnation"] = broker.Incarnation,
                ["Silo__Port"] = Text(siloPort),
                ["Silo__GatewayPort"] = Text(gateway),
                ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{Text(http)}",
            });
    }

    private static async Task<long> CountAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("select count(*) from streaming.results_quick_refunds");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<string[]> ResultsAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("""select "user", bought, refunded, window_start, window_end, key from streaming.results_quick_refunds""");
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
            rows.Add(Row(reader.GetString(5), reader.GetString(0), reader.GetDecimal(1), reader.GetDecimal(2), reader.GetFieldValue<DateTimeOffset>(3), reader.GetFieldValue<DateTimeOffset>(4)));
        return [.. rows.Order(StringComparer.Ordinal)];
    }

    private static async Task<(string[] Pairs, int Late)> ExpectedAsync(IKafkaBroker broker)
    {
        var schemas = new FolderSchemaRegistry(Path.Combine(AppContext.BaseDirectory, "schemas"));
        var (users, transactions) = (new AvroRecordDecoder<UserRecord>(schemas), new AvroRecordDecoder<TransactionRecord>(schemas));
        var (events, lateEvents) = await InTimeAsync(broker, "user-events", async value => await users.DecodeAsync(value), e => e.Timestamp);
        var (movements, lateMovements) = await InTimeAsync(broker, "transactions", async value => await transactions.DecodeAsync(value), t => t.Timestamp);
        var pairs = from bought in events
                    where bought.Record.EventType == EventType.Purchase && bought.Record.Properties.ContainsKey("amount")
                    join refund in movements.Where(m => m.Record.Type == TransactionType.Refund) on bought.Record.UserId equals refund.Record.UserId
                    let after = (refund.Record.Timestamp - bought.Record.Timestamp).TotalMilliseconds
                    where after is >= 0 and <= WithinMs
                    select Row(
                        $"{bought.Record.UserId}|{bought.Place}|{refund.Place}", bought.Record.UserId, decimal.Parse(bought.Record.Properties["amount"], CultureInfo.InvariantCulture),
                        refund.Record.Amount, bought.Record.Timestamp, refund.Record.Timestamp.AddMilliseconds(1));
        return ([.. pairs.Order(StringComparer.Ordinal)], lateEvents + lateMovements);
    }

    /// <summary>A topic's records that were in time by what stood before them in their partition, and how many were not.</summary>
    private static async Task<(List<(T Record, string Place)> InTime, int Late)> InTimeAsync<T>(
        IKafkaBroker broker, string topic, Func<byte[], Task<T>> decode, Func<T, DateTimeOffset> timeOf)
    {
        var (inTime, late, newest) = (new List<(T, string)>(), 0, new Dictionary<int, long>());
        foreach (var found in Read(broker, topic))
        {
            var record = await decode(found.Message.Value);
            var at = timeOf(record).ToUnixTimeMilliseconds();
            if (newest.TryGetValue(found.Partition, out var max) && at + LatenessMs < max - DelayMs)
                late++;
            else
                inTime.Add((record, $"{Text(found.Partition)}.{found.Offset.Value.ToString(CultureInfo.InvariantCulture)}"));
            newest[found.Partition] = Math.Max(at, newest.GetValueOrDefault(found.Partition, at));
        }

        return (inTime, late);
    }

    private static List<ConsumeResult<byte[], byte[]>> Read(IKafkaBroker broker, string topic)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
        {
            BootstrapServers = broker.BootstrapServers,
            GroupId = "join-test",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
        }).SetLogHandler((_, _) => { }).Build();
        consumer.Assign(Enumerable.Range(0, 4).Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        var records = new List<ConsumeResult<byte[], byte[]>>();
        for (var ended = 0; ended < 4;)
        {
            var result = consumer.Consume(TestContext.Current.CancellationToken);
            if (result.IsPartitionEOF)
                ended++;
            else
                records.Add(result);
        }

        return records;
    }

    private static string Row(string key, string user, decimal bought, decimal refunded, DateTimeOffset start, DateTimeOffset end) =>
        FormattableString.Invariant($"{key} {user} {bought:0.00} {refunded:0.00} {start.ToUnixTimeMilliseconds()}-{end.ToUnixTimeMilliseconds()}");

    private Task<OwnedProcess> StartAsync(string program, Dictionary<string, string?> environment, params string[] arguments) => OwnedProcess.StartAsync(
        program, Programs.Command(program, arguments), Path.Combine(_folder, $"{program}-{Guid.NewGuid():N}.log"), environment);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
