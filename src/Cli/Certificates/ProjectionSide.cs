using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Contracts.Accounts;
using Contracts.Users;
using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.Projections;
using Grains.Accounts;
using Grains.Users;
using Npgsql;

namespace Cli.Certificates;

/// <summary>Computes the documents of every projection again from the events, some of the keys at a time, and compares them with those stored.</summary>
internal sealed class ProjectionSide(NpgsqlDataSource database, string schema)
{
    private const int DocumentsAtOnce = 100_000;
    private const int MostParts = 256;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(250);
    private static readonly ProjectionDefinition[] Definitions = [new UserProfiles(), new PurchasesByDay(), new RecentActivity(), new AccountBalances()];
    private readonly EventTypes _types = new EventTypes().AddEventsOf(typeof(IUserEvent)).AddEventsOf(typeof(IAccountEvent));
    private readonly StoreSide _store = new(database, schema);

    /// <summary>Checks every projection that has folded the events up to a sequence number.</summary>
    /// <exception cref="InvalidOperationException">One of them does not get there.</exception>
    public async Task<IReadOnlyList<CertifiedProjection>> CheckAsync(
        long sequence, Action<string> find, Func<long, Task> progress, CancellationToken cancellationToken)
    {
        var certified = new List<CertifiedProjection>();
        foreach (var definition in Definitions)
        {
            if (sequence == 0 || await TableAsync(definition, sequence, cancellationToken) is not { } table)
                continue;
            var parts = (int)Math.Clamp(1 + await CountAsync(table, cancellationToken) / DocumentsAtOnce, 1, MostParts);
            var result = new CertifiedProjection(definition.Name, definition.Version, sequence, 0, 0);
            for (var part = 0; part < parts; part++)
            {
                var (documents, differing) = await PartAsync(definition, table, parts, part, find, progress, cancellationToken);
                result = result with { Documents = result.Documents + documents, Differing = result.Differing + differing };
            }

            certified.Add(result);
        }

        return certified;
    }

    private async Task<(long Documents, long Differing)> PartAsync(
        ProjectionDefinition definition, string table, int parts, int part, Action<string> find, Func<long, Task> progress, CancellationToken cancellationToken)
    {
        // One statement sees the documents as of one position.
        var rows = await _store.PageAsync(
            $"""
            select g.sequence, d.key, d.doc::text from {schema}.projection_generations g
            left join {schema}.{table} d on get_byte(sha256(convert_to(d.key, 'UTF8')), 0) % $1 = $2
            where g.table_name = $3
            """,
            r => (Sequence: r.GetInt64(0), Key: r.IsDBNull(1) ? null : r.GetString(1), Json: r.IsDBNull(2) ? null : r.GetString(2)), cancellationToken, parts, part, table);
        var position = rows[0].Sequence;
        var fold = new ProjectionFold(definition, _types);
        var after = 0L;
        for (List<EventLine> page; (page = await _store.EventsAsync(after, position, cancellationToken)).Count > 0; after = page[^1].Sequence)
        {
            foreach (var e in page)
                fold.Apply(new StoredEvent(e.Sequence, e.Id, e.StreamKey, e.Version, e.Type, e.Data, DateTimeOffset.UnixEpoch, null), key => PartOf(key, parts) == part);
            await progress(part == 0 ? page.Count : 0);
        }

        return Compare(definition.Name, rows.Where(r => r.Key is not null).ToDictionary(r => r.Key!, r => r.Json!), fold, find);
    }

    private static (long Documents, long Differing) Compare(string name, Dictionary<string, string> stored, ProjectionFold fold, Action<string> find)
    {
        var differing = 0L;
        foreach (var key in fold.Keys.Union(stored.Keys))
        {
            var (computed, there) = (fold.Json(key), stored.GetValueOrDefault(key));
            if (computed is not null && there is not null && JsonNode.DeepEquals(JsonNode.Parse(computed), JsonNode.Parse(there)))
                continue;
            differing++;
            find($"projection {name}, document '{key}': {there ?? "nothing"} is stored, but the events give {computed ?? "nothing"}");
        }

        return (stored.Count, differing);
    }

    // Null for a projection that this store does not have in this version.
    private async Task<string?> TableAsync(ProjectionDefinition definition, long sequence, CancellationToken cancellationToken)
    {
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(PollEvery, cancellationToken))
        {
            var found = await _store.PageAsync(
                $"select table_name, sequence from {schema}.projection_generations where name = $1 and version = $2 and stage = 2",
                r => (Table: r.GetString(0), Sequence: r.GetInt64(1)), cancellationToken, definition.Name, definition.Version);
            if (found.Count == 0)
                return null;
            if (found[0].Sequence >= sequence)
                return found[0].Table;
            if (waited.Elapsed > Patience)
                throw new InvalidOperationException($"Projection {definition.Name} has folded the events up to {found[0].Sequence}, not up to {sequence}, after {Patience.TotalSeconds} s: see GET /projections.");
        }
    }

    private async Task<long> CountAsync(string table, CancellationToken cancellationToken) =>
        (await _store.PageAsync($"select count(*) from {schema}.{table}", r => r.GetInt64(0), cancellationToken))[0];

    private static int PartOf(string key, int parts) => parts == 1 ? 0 : SHA256.HashData(Encoding.UTF8.GetBytes(key))[0] % parts;
}
