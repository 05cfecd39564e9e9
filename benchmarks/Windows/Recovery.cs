using System.Diagnostics;
using AppHost.Processes;
using Confluent.Kafka;
using Npgsql;
using Shared;

namespace Windows;

/// <summary>
/// How long a job that keeps many keys is away after <c>kill -9</c>: from the start of a new process, which is before its partitions have a new owner, to the results
/// that a read_committed reader sees. The results are those of a window with few keys, so that what is measured is the taking back of the state, and not the
/// sending of a result for every key of it.
/// </summary>
internal sealed class Recovery(Settings settings, int keys)
{
    private const string Topic = "user-events", Output = "recovery-totals";

    /// <summary>Keys of the window that closes after the crash.</summary>
    private const int Few = 100;

    /// <summary>How far the watermark is behind: the many keys' window stays open.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromHours(1);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    // Not ahead of the clock, which would set records aside; windows are ten seconds long.
    private readonly DateTimeOffset _start = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.AddHours(-2).ToUnixTimeSeconds() / 10 * 10);

    public async Task<bool> RunAsync(Lab lab, CancellationToken cancellationToken)
    {
        await lab.Kafka.CreateTopicAsync(Topic, settings.Partitions, cancellationToken);
        await lab.Kafka.CreateTopicAsync(Output, 4, cancellationToken);
        var database = await lab.Postgres.CreateDatabaseAsync("recovery", cancellationToken: cancellationToken);
        await using var source = NpgsqlDataSource.Create(database);
        Send(lab.Kafka.BootstrapServers, Few, _start);
        Send(lab.Kafka.BootstrapServers, keys, _start.AddSeconds(10));

        await using (var former = await StartAsync(lab, database))
        {
            await UntilAsync(former, async () => await NumberAsync(source, "select coalesce(sum(next_offset), 0)::bigint from streaming.job_positions") >= Few + keys, cancellationToken);
            await former.KillAsync();
        }

        var bytes = await NumberAsync(source, "select coalesce(sum(length(data)), 0)::bigint from streaming.job_state");
        Send(lab.Kafka.BootstrapServers, Few, _start.AddSeconds(10) + Delay); // passes the end of the first window
        var clock = Stopwatch.StartNew();
        await using var owner = await StartAsync(lab, database);
        var results = Task.Run(() => SeeResults(lab.Kafka.BootstrapServers, owner, clock, cancellationToken), cancellationToken);
        await UntilAsync(owner, () => Task.FromResult(results.IsCompleted), cancellationToken);
        var seen = await results;
        Bench.Say($"{keys:#,0} keys in open windows on {settings.Partitions} partitions, {bytes / 1e6:0.0} MB of kept state");
        Bench.Say($"after kill -9, results are seen {seen.TotalSeconds:0.0} s after the start of the new process");
        return seen <= TimeSpan.FromSeconds(10);
    }

    private static Task<OwnedProcess> StartAsync(Lab lab, string database) => Contender.StartAsync(
        "ours", lab.Folder, "run-ours", "--bootstrap", lab.Kafka.BootstrapServers, "--topic", Topic, "--events", "0", "--output", Output, "--postgres", database, "--delayed");

    private static async Task UntilAsync(OwnedProcess process, Func<Task<bool>> isSo, CancellationToken cancellationToken)
    {
        for (var clock = Stopwatch.StartNew(); !await isSo();)
        {
            if (process.HasExited || clock.Elapsed > Patience)
                throw process.Broken();
            await Task.Delay(50, cancellationToken);
        }
    }

    private static async Task<long> NumberAsync(NpgsqlDataSource source, string sql)
    {
        try
        {
            await using var command = source.CreateCommand(sql);
            return (long)(await command.ExecuteScalarAsync())!;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            return 0;
        }
    }

    private static void Send(string bootstrap, int users, DateTimeOffset at)
    {
        var (encoder, random) = (Schemas.UserEvents(), new Random(42));
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig
        {
            BootstrapServers = bootstrap,
            Partitioner = Confluent.Kafka.Partitioner.Murmur2Random,
            QueueBufferingMaxMessages = 2_000_000,
            QueueBufferingMaxKbytes = 1_000_000,
        }).Build();
        var failures = 0;
        for (var user = 0; user < users; user++)
        {
            var record = Records.Next(random, user, at);
            producer.Produce(Topic, new() { Key = record.UserId, Value = encoder.Encode(record) }, report => failures += report.Error.IsError ? 1 : 0);
        }

        producer.Flush(CancellationToken.None);
        if (failures > 0)
            throw new InvalidOperationException($"{failures} records could not be sent");
    }

    /// <summary>How long it takes until the small window's results are all seen.</summary>
    private static TimeSpan SeeResults(string bootstrap, OwnedProcess owner, Stopwatch clock, CancellationToken cancellationToken)
    {
        using var consumer = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = "windows-recovery",
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnableAutoCommit = false,
            FetchWaitMaxMs = 10,
        }).Build();
        consumer.Assign(Enumerable.Range(0, 4).Select(p => new TopicPartitionOffset(Output, p, Offset.Beginning)));
        for (var results = 0; results < Few;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (owner.HasExited || clock.Elapsed > Patience)
                throw owner.Broken();
            if (consumer.Consume(50) is not null)
                results++;
        }

        return clock.Elapsed;
    }
}
