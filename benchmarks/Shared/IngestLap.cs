using System.Diagnostics;
using Npgsql;

namespace Shared;

/// <summary>What silos made of a filled topic.</summary>
/// <param name="PerSecond">Committed events per second, from what was there when counting began to the last one.</param>
/// <param name="SiloSeconds">Processor time of the silos meanwhile.</param>
/// <param name="StoreSeconds">Processor time of the database.</param>
/// <param name="BrokerSeconds">Processor time of the broker.</param>
/// <param name="Allocated">Bytes that the silos have allocated.</param>
/// <param name="Committed">Events in the store.</param>
public sealed record IngestLap(double PerSecond, double SiloSeconds, double StoreSeconds, double BrokerSeconds, double Allocated, long Committed)
{
    private static int _number;

    /// <summary>Has fresh silos turn a filled topic's records into committed events, on a fresh database.</summary>
    /// <param name="lab">Broker and database server.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="events">How many records it holds.</param>
    /// <param name="silos">How many silos.</param>
    /// <param name="shop">The whole shop instead of its users alone.</param>
    /// <param name="warmup">The share of the records that doesn't count: until they are taken, code is compiled and silos find each other.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<IngestLap> RunAsync(
        Lab lab, string topic, long events, int silos = 1, bool shop = false, double warmup = 0, CancellationToken cancellationToken = default)
    {
        var database = await lab.Postgres.CreateDatabaseAsync($"ingest{++_number}", cancellationToken: cancellationToken);
        var processes = await Task.WhenAll(Enumerable.Range(0, silos).Select(_ => IngestSilo.StartAsync(lab, topic, database, shop)));
        try
        {
            var trees = processes.Select(p => new ProcessTree(p.Pid)).Append(new(lab.Postgres.Pid!.Value)).Append(new(lab.Kafka.Pid!.Value)).ToArray();
            await using var source = NpgsqlDataSource.Create(database);
            var clock = Stopwatch.StartNew();
            (TimeSpan At, long Stored, double[] Seconds)? first = null;
            (TimeSpan At, long Stored) last = default;
            while (true)
            {
                if (Array.Find(processes, p => p.HasExited) is { } ended)
                    throw ended.Broken();
                Array.ForEach(trees, tree => tree.Look());
                var (stored, taken) = await ProgressAsync(source, topic, cancellationToken);
                if (stored > 0 && stored >= events * warmup)
                    first ??= (clock.Elapsed, stored, Seconds());
                if (stored > last.Stored)
                    last = (clock.Elapsed, stored);
                if (taken >= events)
                    break;
                await Task.Delay(100, cancellationToken);
            }

            var seconds = Seconds().Zip(first!.Value.Seconds, (now, then) => now - then).ToArray();
            await using var count = source.CreateCommand("select count(*) from streaming.mt_events");
            var committed = (long)(await count.ExecuteScalarAsync(cancellationToken))!;
            await Task.WhenAll(processes.Select(p => p.StopAsync(TimeSpan.FromSeconds(30)))).WaitAsync(cancellationToken);
            return new(
                (last.Stored - first.Value.Stored) / (last.At - first.Value.At).TotalSeconds, seconds[..silos].Sum(), seconds[^2], seconds[^1], processes.Sum(p => p.Number("allocated ")), committed);

            double[] Seconds() => Array.ConvertAll(trees, tree => tree.Seconds);
        }
        finally
        {
            foreach (var process in processes)
                await process.DisposeAsync();
        }
    }

    /// <summary>How many events are stored, and how many records are done by the checkpoints, which follow behind the oldest that is not.</summary>
    public static async Task<(long Stored, long Taken)> ProgressAsync(NpgsqlDataSource source, string topic, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = source.CreateCommand("""
                select (select case when is_called then last_value else 0 end from streaming.mt_events_sequence),
                    (select coalesce(sum(next_offset), 0)::bigint from streaming.checkpoints where topic = $1)
                """);
            command.Parameters.Add(new() { Value = topic });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            await row.ReadAsync(cancellationToken);
            return (row.GetInt64(0), row.GetInt64(1));
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            return default; // the silo has not made them yet
        }
    }
}
