using System.Text.Json;
using EventStore.Hosting;
using Npgsql;

namespace EventStore.Appending;

/// <summary>Sends a batch to the database in one round trip and reads the verdicts.</summary>
internal sealed class AppendStatement(StoreDataSources dataSources)
{
    private readonly string _sql =
        $"select verdicts, versions, sequences, known::text from {dataSources.Schema}.append_batch({string.Join(", ", Enumerable.Range(1, 38).Select(i => $"${i}"))})";

    /// <summary>Commits a batch. It is in stream key order, and holds each stream and each new id once.</summary>
    public async Task<AppendVerdict[]> ExecuteAsync(IReadOnlyList<PendingAppend> batch, CancellationToken cancellationToken)
    {
        await using var connection = await dataSources.Store.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(_sql, connection);
        AppendColumns.Add(batch, command.Parameters);
        await command.PrepareAsync(cancellationToken); // once for a connection; a plan made for these very values would copy them all, several times
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var verdicts = reader.GetFieldValue<int[]>(0);
        var versions = reader.GetFieldValue<long?[]>(1);
        var sequences = reader.GetFieldValue<long[]>(2);
        var known = ReadKnown(reader.GetString(3));
        // The commit happens when the statement ends: an error in it must not pass unseen.
        while (await reader.NextResultAsync(cancellationToken))
        {
        }

        var results = new AppendVerdict[batch.Count];
        for (int i = 0, events = 0; i < results.Length; i++)
        {
            var append = batch[i].Append;
            events += append.Events.Count;
            results[i] = verdicts[i] switch
            {
                0 => new AppendVerdict.Committed(append.ExpectedVersion + append.Events.Count, append.Events.Count == 0 ? 0 : sequences[events - 1]),
                1 => new AppendVerdict.Stale(versions[i] ?? 0),
                2 => new AppendVerdict.Duplicate([.. known[i + 1]]),
                3 => new AppendVerdict.Refused($"The stream {append.StreamKey} is archived.", null),
                var other => throw new InvalidOperationException($"append_batch gave the verdict {other}, which this version does not know."),
            };
        }

        return results;
    }

    private static ILookup<int, KnownId> ReadKnown(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.EnumerateArray()
            .ToLookup(fact => fact.GetProperty("append").GetInt32(), fact =>
            {
                var source = EventHeaders.Read(fact.GetProperty("source"));
                return new KnownId(
                    fact.GetProperty("id").GetGuid(),
                    fact.GetProperty("stream").GetString()!,
                    source?.Digest ?? "",
                    source?.Record,
                    fact.TryGetProperty("version", out var version) ? version.GetInt64() : null,
                    fact.TryGetProperty("outcome", out var outcome) ? (LedgerOutcome)outcome.GetInt16() : null,
                    fact.TryGetProperty("reason", out var reason) ? reason.GetString() : null);
            });
    }
}
