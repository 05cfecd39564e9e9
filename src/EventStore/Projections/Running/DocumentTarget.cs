using System.Text.Json;
using EventStore.Appending;
using EventStore.Hosting;
using EventStore.Projections.Folding;
using EventStore.Projections.Storage;
using Npgsql;

namespace EventStore.Projections.Running;

/// <summary>Folds pages into a generation's table: the touched documents are loaded at once, and written back in one transaction with the checkpoint.</summary>
internal sealed class DocumentTarget(BoundProjection projection, Generation generation, StoreDataSources dataSources) : IPageTarget
{
    /// <summary>How much a runner remembers, in characters of the documents' JSON.</summary>
    private const long MostRemembered = 16 * 1024 * 1024;

    private readonly string _schema = dataSources.Schema;

    // The documents of the latest pages, which need not be read again: every writer moves the checkpoint, by compare-and-set, so nobody else
    // has written since this runner did, or its next page fails.
    private readonly Dictionary<string, (object? Document, int Size)> _remembered = new(StringComparer.Ordinal);
    private long _rememberedSize;

    private readonly string _load = $"select key, doc::text from {dataSources.Schema}.{generation.Table} where key = any($1)";

    // In key order, so that the table grows in the order it is read in. JSON goes as text: jsonb[] parameters are parsed in memory that is given back to the
    // system with each of them.
    private readonly string _upsert = $"""
        insert into {dataSources.Schema}.{generation.Table} (key, doc, sequence)
        select key, doc::jsonb, sequence from unnest($1, $2, $3) as d(key, doc, sequence) order by key collate "C"
        on conflict (key) do update set doc = excluded.doc, sequence = excluded.sequence
        """;

    private readonly string _delete = $"delete from {dataSources.Schema}.{generation.Table} where key = any($1)";

    private readonly string _skip = $"""
        insert into {dataSources.Schema}.projection_skips (generation, sequence, stream_key, event_type, error) values ($1, $2, $3, $4, $5)
        """;

    public ProjectionDefinition Definition => projection.Definition;

    public string[] EventNames => projection.EventNames;

    public bool ReadsSources => false;

    public TakePage Prepare(IReadOnlyList<StoredEvent> events)
    {
        var fold = new PageFold(projection, events);
        return (move, cancellationToken) => TakeAsync(events, fold, move, cancellationToken);
    }

    private async Task TakeAsync(IReadOnlyList<StoredEvent> events, PageFold fold, Move move, CancellationToken cancellationToken)
    {
        try
        {
            await TakeAsync(events, fold, move, careful: false, cancellationToken);
        }
        catch (Exception e) when (TransientErrors.IsContent(e) || e is JsonException or NotSupportedException or ArgumentException)
        {
            // Some document cannot be stored. Fold again and look at each, to know which event is to blame.
            await TakeAsync(events, new PageFold(projection, events), move, careful: true, cancellationToken);
        }
    }

    private async Task TakeAsync(IReadOnlyList<StoredEvent> events, PageFold fold, Move move, bool careful, CancellationToken cancellationToken)
    {
        var written = false;
        try
        {
            await LoadAsync(fold, cancellationToken);
            fold.Run(careful);

            var failure = projection.Definition.SkipsFailingEvents ? null : fold.Failures.SingleOrDefault();
            if (failure is not null && !move.Divisible)
                throw failure;
            var taken = failure is null ? events.Count : events.TakeWhile(e => e.Sequence < failure.Failed.Sequence).Count();
            var upserts = fold.Upserts().ToArray();
            await WriteAsync(fold, upserts, failure is null ? move : move.UpTo(failure.Failed.Sequence - 1), taken, cancellationToken);
            if (failure is not null)
                throw failure;
            Remember(fold, upserts);
            written = true;
            ProjectionMetrics.Skipped(generation.Name, fold.Failures.Count);
        }
        finally
        {
            if (!written)
                Forget();
        }
    }

    private void Remember(PageFold fold, (string Key, string Json, long Sequence)[] upserts)
    {
        if (_rememberedSize > MostRemembered)
            Forget();
        foreach (var (key, json, _) in upserts)
            Remember(key, fold.Document(key), key.Length + json.Length);
        foreach (var key in fold.Deletes())
            Remember(key, null, key.Length);
    }

    private void Remember(string key, object? document, int size)
    {
        _rememberedSize += size - _remembered.GetValueOrDefault(key).Size;
        _remembered[key] = (document, size);
    }

    private void Forget()
    {
        _remembered.Clear();
        _rememberedSize = 0;
    }

    private async Task LoadAsync(PageFold fold, CancellationToken cancellationToken)
    {
        var unknown = new List<string>();
        foreach (var key in fold.Keys)
        {
            if (_remembered.TryGetValue(key, out var remembered))
                fold.Use(key, remembered.Document);
            else
                unknown.Add(key);
        }

        if (unknown.Count == 0)
            return;
        await using var command = dataSources.Store.CreateCommand(_load);
        command.Parameters.Add(new() { Value = unknown.ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            fold.Load(reader.GetString(0), reader.GetString(1));
    }

    // One batch is one implicit transaction: a stopped process holds none open.
    private async Task WriteAsync(PageFold fold, (string Key, string Json, long Sequence)[] upserts, Move move, int taken, CancellationToken cancellationToken)
    {
        await using var batch = dataSources.Store.CreateBatch();
        batch.BatchCommands.Add(move.Command(_schema, taken));
        if (upserts.Length > 0)
        {
            batch.BatchCommands.Add(new(_upsert)
            {
                Parameters =
                {
                    new() { Value = Array.ConvertAll(upserts, u => u.Key) },
                    new() { Value = Array.ConvertAll(upserts, u => u.Json) },
                    new() { Value = Array.ConvertAll(upserts, u => u.Sequence) },
                },
            });
        }

        if (fold.Deletes().ToArray() is { Length: > 0 } deletes)
            batch.BatchCommands.Add(new(_delete) { Parameters = { new() { Value = deletes } } });
        if (projection.Definition.SkipsFailingEvents)
        {
            foreach (var failure in fold.Failures)
                batch.BatchCommands.Add(Skip(failure));
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private NpgsqlBatchCommand Skip(EventFailedException failure) => new(_skip)
    {
        Parameters =
        {
            new() { Value = generation.Id }, new() { Value = failure.Failed.Sequence }, new() { Value = failure.Failed.StreamKey },
            new() { Value = failure.Failed.TypeName }, new() { Value = StorableText.Mend(failure.InnerException!.ToString())! },
        },
    };
}
