using System.Text.Json;
using Cli.Audit;
using Confluent.Kafka;
using Npgsql;
using SchemaRegistry;

namespace Cli.Certificates;

/// <summary>What was found, up to a number that a person can read.</summary>
internal sealed class Findings
{
    private const int Most = 50;
    private readonly List<string> _told = [];

    public int Count { get; private set; }

    public IReadOnlyList<string> Told => Count <= Most ? _told : [.. _told, $"... and {Count - Most} more"];

    public void Add(string what)
    {
        if (++Count <= Most)
            _told.Add(what);
    }
}

/// <summary>How certifying and verifying begin and end. Exit codes: 0 it holds, 1 a difference, 2 it could not be done.</summary>
internal static class CertificateOutcome
{
    public static async Task<int> RunAsync(
        string postgres, string schema, AuditKind kind, CancellationToken cancellationToken, Func<NpgsqlDataSource, AuditProgress, Task<int>> run)
    {
        AuditProgress? progress = null;
        try
        {
            await using var database = NpgsqlDataSource.Create(postgres);
            progress = await AuditProgress.StartAsync(database, schema, kind, cancellationToken);
            try
            {
                return await run(database, progress);
            }
            catch (Exception e)
            {
                await progress.GiveUpAsync(e.Message);
                throw;
            }
        }
        catch (Exception e) when (e is NpgsqlException or KafkaException or InvalidOperationException or SchemaRegistryUnavailableException or IOException or UnauthorizedAccessException)
        {
            return Cannot($"The audit could not be finished: {e.Message}");
        }
    }

    /// <summary>Says what a new certificate says.</summary>
    public static int Tell(bool json, Certificate certificate, string file, AuditTarget target)
    {
        var t = certificate.Totals;
        return Tell(json, certificate, certificate.Findings, target, [
            $"Kafka {target.Kafka} compared with Postgres {target.Store}",
            .. certificate.Partitions.Select(p => $"{p.Topic}/{p.Partition,-3} offsets {p.From} to {p.To - 1}: {p.Counts.Read} read = {p.Counts.Stored} stored + {p.Counts.Duplicate} duplicate + {p.Counts.NoEvent} no event + {p.Counts.DeadLettered} dead"),
            $"all: {t.Read} read = {t.Stored} stored + {t.Duplicate} duplicate + {t.NoEvent} no event + {t.DeadLettered} dead",
            $"{certificate.Store.Events} events ({certificate.Store.CommandEvents} of commands), {certificate.Store.LedgerRows} rows of the ledger, {certificate.Projections.Sum(p => p.Documents)} documents of {certificate.Projections.Count} projections",
            certificate.Holds ? $"It holds. The certificate is in {file}" : $"It does not hold; {file} says so too."]);
    }

    /// <summary>Says what became of a certificate.</summary>
    public static int Tell(bool json, Certificate certificate, Findings findings, AuditTarget target) => Tell(json, certificate, findings.Told, target with { Kafka = null }, [
        $"Compared with Postgres {target.Store}",
        $"Certificate of {certificate.IssuedAt:u}: {certificate.Store.Events} events, {certificate.Totals.Read} records",
        findings.Count == 0 ? "The store still holds exactly what it says." : "The store does not hold what it says."]);

    public static int Cannot(string message)
    {
        Console.Error.WriteLine(message);
        return 2;
    }

    private static int Tell(bool json, Certificate certificate, IReadOnlyList<string> findings, AuditTarget target, string[] lines)
    {
        var exit = findings.Count == 0 ? 0 : 1;
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new { kafka = target.Kafka, postgres = target.Store, holds = exit == 0, findings, certificate.IssuedAt, certificate.Totals, certificate.Store.Events, certificate.Store.LedgerRows, exit },
                new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower }));
            return exit;
        }

        foreach (var finding in findings)
            Console.WriteLine($"  ! {finding}");
        foreach (var line in lines)
            Console.WriteLine(line);
        return exit;
    }
}
