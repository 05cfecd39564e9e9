using System.Diagnostics;
using Npgsql;
using Shared;

namespace Ingest;

/// <summary>What Wolverine and Marten made of the same topic in a while, in a process of their own on a fresh database.</summary>
/// <param name="PerSecond">Committed events per second, from the first ones on.</param>
/// <param name="PeerSeconds">Processor time of its process for an event.</param>
/// <param name="StoreSeconds">Processor time of the database for an event.</param>
internal sealed record WolverineLap(double PerSecond, double PeerSeconds, double StoreSeconds)
{
    /// <summary>Long enough for its inbox to be at its limit, which is its steady state.</summary>
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static int _number;

    public static async Task<WolverineLap> RunAsync(Lab lab, string topic, long events, bool oneByOne, CancellationToken cancellationToken)
    {
        var program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../Wolverine/bin/Release/net10.0/WolverinePeer.dll"));
        if (!File.Exists(program))
            throw new InvalidOperationException($"{program} is not there. Build it: dotnet build benchmarks/Wolverine -c Release");
        var database = await lab.Postgres.CreateDatabaseAsync($"wolverine{++_number}", cancellationToken: cancellationToken);
        await using var process = await Contender.StartProgramAsync(
            "wolverine", lab.Folder,
            ["dotnet", program, "--bootstrap", lab.Kafka.BootstrapServers, "--topic", topic, "--group", $"wolverine{_number}", "--postgres", database, .. oneByOne ? new[] { "--one-by-one" } : []]);
        await using var source = NpgsqlDataSource.Create(database);
        var (peer, store, clock) = (new ProcessTree(process.Pid), new ProcessTree(lab.Postgres.Pid!.Value), Stopwatch.StartNew());
        (TimeSpan At, long Count, double Peer, double Store)? first = null;
        while (true)
        {
            if (process.HasExited)
                throw process.Broken();
            var count = await CountAsync(source, cancellationToken);
            var at = clock.Elapsed;
            peer.Look();
            store.Look();
            if (count > 0)
                first ??= (at, count, peer.Seconds, store.Seconds);
            if (first is null && at > Patience)
                throw process.Broken();
            if (first is { } since && (at - since.At > Length || count >= events))
            {
                var more = (double)(count - since.Count);
                return new(more / (at - since.At).TotalSeconds, (peer.Seconds - since.Peer) / more, (store.Seconds - since.Store) / more);
            }

            await Task.Delay(500, cancellationToken);
        }
    }

    private static async Task<long> CountAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        try
        {
            await using var count = source.CreateCommand("select count(*) from mt_events");
            return (long)(await count.ExecuteScalarAsync(cancellationToken))!;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return 0;
        }
    }
}
