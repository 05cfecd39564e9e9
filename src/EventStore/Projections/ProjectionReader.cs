using System.Buffers.Text;
using System.Text.Json;
using EventStore.Appending;
using EventStore.Hosting;
using EventStore.Projections.Storage;
using Npgsql;

namespace EventStore.Projections;

/// <summary>Reads through the projection's view, which a switch replaces in its transaction: every reader sees it at once.</summary>
internal sealed class ProjectionReader(StoreDatabase database, ProjectionSet set) : IProjectionReader
{
    /// <summary>Sorts behind every character that a key can hold.</summary>
    private const string Last = "\U0010FFFF";

    public async ValueTask<ProjectedDocument?> GetAsync(string name, string key, CancellationToken cancellationToken = default)
    {
        var view = View(name);
        if (!StorableText.IsStorable(key))
            return null;
        return (await QueryAsync(name, $"select key, doc::text, sequence, '' from {view} where key = $1", [key], cancellationToken)).Select(r => r.Document).SingleOrDefault();
    }

    public async ValueTask<DocumentPage> ListAsync(string name, DocumentQuery query, CancellationToken cancellationToken = default)
    {
        var view = View(name);
        if (query.Limit is < 1 or > 1000)
            throw new ProjectionException(ProjectionRefusal.Invalid, $"A page of {query.Limit} documents is none: ask for 1 to 1,000.");
        var prefix = StorableText.IsStorable(query.Prefix ?? "") ? query.Prefix ?? "" : throw new ProjectionException(ProjectionRefusal.Invalid, "The prefix holds characters that no key has.");
        var rows = query.OrderBy is { } order
            ? await ByNumberAsync(name, view, await OrderAsync(name, order, cancellationToken), prefix, query, cancellationToken)
            : await QueryAsync(name, $"""
                select key, doc::text, sequence, '' from {view}
                where key >= $1 and key < $2 and key > $3 order by key limit $4
                """, [prefix, prefix + Last, query.Cursor is { } cursor ? Cursor(cursor, 1)[0] : "", query.Limit + 1], cancellationToken);

        var more = rows.Count > query.Limit;
        var last = more ? rows[query.Limit - 1] : default;
        return new DocumentPage([.. rows.Take(query.Limit).Select(r => r.Document)],
            !more ? null : Cursor(query.OrderBy is null ? [last.Document.Key] : [last.Document.Key, last.Number]));
    }

    private async Task<List<(ProjectedDocument Document, string Number)>> ByNumberAsync(
        string name, string view, string number, string prefix, DocumentQuery query, CancellationToken cancellationToken)
    {
        var after = query.Cursor is { } cursor ? Cursor(cursor, 2) : null;
        var sql = $"""
            select key, doc::text, sequence, ({number})::text from {view}
            where key >= $1 and key < $2 {(after is null ? "" : $"and ({number} <= $4::numeric) and ({number} < $4::numeric or key > $5)")}
            order by {number} desc, key limit $3
            """;
        return await QueryAsync(name, sql, after is null
            ? [prefix, prefix + Last, query.Limit + 1] : [prefix, prefix + Last, query.Limit + 1, after[1], after[0]], cancellationToken);
    }

    // What goes into the SQL is a name from the definition, never the caller's text.
    private async Task<string> OrderAsync(string name, string order, CancellationToken cancellationToken)
    {
        var read = (await database.QueryAsync(
            $"select {Generation.Columns} from {database.Schema}.projection_generations g where g.name = $1 and g.stage = 2",
            [name], Generation.Read, cancellationToken)).SingleOrDefault();
        var orders = read is null ? [] : set.Find(read.Definition, read.Version)?.Definition.Orders ?? [];
        return orders.Contains(order, StringComparer.Ordinal) ? GenerationTables.OrderExpression(order) : throw new ProjectionException(
            ProjectionRefusal.Invalid, $"Projection '{name}' is not ordered by '{order}'. It is by: {(orders.Count == 0 ? "its key only" : string.Join(", ", orders))}.");
    }

    private string View(string name) => ProjectionDefinition.ValidName().IsMatch(name) && name.Length <= 40
        ? $"{database.Schema}.{Generation.ViewOf(name)}" : throw NotFound(name);

    private async Task<List<(ProjectedDocument Document, string Number)>> QueryAsync(
        string name, string sql, object[] parameters, CancellationToken cancellationToken)
    {
        try
        {
            return await database.QueryAsync(sql, parameters,
                row => (new ProjectedDocument(row.GetString(0), row.GetString(1), row.GetInt64(2)), row.GetString(3)), cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            throw NotFound(name);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.InvalidTextRepresentation or PostgresErrorCodes.NumericValueOutOfRange)
        {
            throw NoCursor();
        }
    }

    private static string Cursor(string[] parts) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(parts));

    private static string[] Cursor(string cursor, int parts)
    {
        try
        {
            return JsonSerializer.Deserialize<string[]>(Base64Url.DecodeFromChars(cursor)) is { } read && read.Length == parts
                && read.All(part => part is not null && StorableText.IsStorable(part)) ? read : throw NoCursor();
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw NoCursor();
        }
    }

    private static ProjectionException NoCursor() => new(ProjectionRefusal.Invalid, "The cursor is none of this list's: take it from 'next' of the page before, with the same order.");

    private static ProjectionException NotFound(string name) => new(ProjectionRefusal.NotFound, $"There is no projection '{name}', or it was never started.");
}
