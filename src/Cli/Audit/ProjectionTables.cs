using System.Diagnostics;
using System.Reflection;

namespace Cli.Audit;

/// <summary>Computes every projection again from the stored events, by plain SQL that shares nothing with its fold, and compares it with the documents stored.</summary>
internal static class ProjectionTables
{
    private const string Resources = "projections/";
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(250);

    public static async Task CheckAsync(StoreTables store, AuditReport report, TimeSpan patience, CancellationToken cancellationToken)
    {
        var newest = await OneAsync(store, $"select coalesce(max(seq_id), 0) from {store.Schema}.mt_events", r => r.GetInt64(0));
        foreach (var (name, sql) in Queries())
        {
            var waited = Stopwatch.StartNew();
            (string Table, long Sequence) generation;
            while ((generation = await GenerationAsync(store, name)).Sequence < newest && waited.Elapsed < patience)
                await Task.Delay(PollEvery, cancellationToken);
            if (generation.Table is null)
                report.Unread($"projection {name} is not there in a version that this audit knows: see GET /projections.");
            else if (generation.Sequence < newest)
                report.Unread($"projection {name} has folded the events up to {generation.Sequence}, not up to {newest}, after {patience.TotalSeconds} s: see GET /projections.");
            else
                await CompareAsync(store, name, generation.Table, sql, report);
        }
    }

    private static async Task CompareAsync(StoreTables store, string name, string table, string sql, AuditReport report)
    {
        // One statement sees the documents as of one position.
        await foreach (var (key, stored, computed) in store.ReadAsync(
            $"""
            with generation as materialized (select id, sequence from {store.Schema}.projection_generations where table_name = $1),
            event as materialized (
                select e.seq_id, e.version, e.type, e.data, (e.data ->> 'at')::timestamptz as at, substr(e.stream_id, strpos(e.stream_id, '/') + 1) as key
                from {store.Schema}.mt_events e, generation g
                where e.seq_id <= g.sequence
                    and not exists (select from {store.Schema}.projection_skips s where s.generation = g.id and s.sequence = e.seq_id)),
            computed as (
            {sql}
            )
            select coalesce(d.key, c.key), d.doc::text, c.doc::text
            from computed c full join {store.Schema}.{table} d on d.key = c.key
            where d.doc is distinct from c.doc
            """,
            r => (r.GetString(0), r.IsDBNull(1) ? "nothing" : r.GetString(1), r.IsDBNull(2) ? "nothing" : r.GetString(2)), table))
            report.Differ($"projection {name}, document '{key}': {stored} is stored, but the events give {computed}");
        report.Documents += await OneAsync(store, $"select count(*) from {store.Schema}.{table}", r => r.GetInt64(0));
    }

    private static Task<(string Table, long Sequence)> GenerationAsync(StoreTables store, string name) => OneAsync(
        store, $"select table_name, sequence from {store.Schema}.projection_generations where name = $1 and version = 1 and stage = 2",
        r => (r.GetString(0), r.GetInt64(1)), name);

    private static IEnumerable<(string Name, string Sql)> Queries()
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var resource in assembly.GetManifestResourceNames().Where(r => r.StartsWith(Resources, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            yield return (Path.GetFileNameWithoutExtension(resource), reader.ReadToEnd());
        }
    }

    // The default when there is no row.
    private static async Task<T> OneAsync<T>(StoreTables store, string sql, Func<Npgsql.NpgsqlDataReader, T> read, params object[] parameters)
    {
        await foreach (var value in store.ReadAsync(sql, read, parameters))
            return value;
        return default!;
    }
}
