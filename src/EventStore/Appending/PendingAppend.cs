using System.Collections.Concurrent;
using EventStore.Aggregates;

namespace EventStore.Appending;

/// <summary>An append on its way: encoded and checked on its caller's thread, so that the one commit loop has little to do.</summary>
internal sealed class PendingAppend
{
    private static readonly ConcurrentDictionary<Type, string> TypeNames = new();
    private readonly TaskCompletionSource<AppendVerdict> _verdict = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private PendingAppend(StreamAppend append) => Append = append;

    public StreamAppend Append { get; }

    /// <summary>Each event's JSON, in UTF-8.</summary>
    public byte[][] Data { get; private init; } = [];

    /// <summary>Each event's source, in UTF-8.</summary>
    public byte[][] Headers { get; private init; } = [];

    /// <summary>Each ledger entry's source, in UTF-8.</summary>
    public byte[][] LedgerSources { get; private init; } = [];

    /// <summary>Each event's class, as Marten writes it.</summary>
    public string[] DotNetTypes { get; private init; } = [];

    /// <summary>The ids that this append would be the first to use.</summary>
    public Guid[] NewIds { get; private init; } = [];

    /// <summary>About how many bytes it sends to the database.</summary>
    public int Size { get; private init; }

    public Task<AppendVerdict> Verdict => _verdict.Task;

    /// <summary>Prepares an append, or says why the database would refuse it.</summary>
    public static PendingAppend? TryPrepare(StreamAppend append, EventTypes types, out string? refusal)
    {
        refusal = AppendCheck.Refusal(append);
        if (refusal is not null)
            return null;

        var data = new byte[append.Events.Count][];
        var headers = new byte[append.Events.Count][];
        var dotNetTypes = new string[append.Events.Count];
        for (var i = 0; i < data.Length; i++)
        {
            var e = append.Events[i];
            headers[i] = EventHeaders.Write(e.Source);
            dotNetTypes[i] = MartenTypeName(types.TypeOf(e.TypeName));
            if (StorableText.Encode(e.Data) is { } bytes && !StorableText.HasNull(headers[i]))
                data[i] = bytes;
            else
                refusal = $"Event {e.Id} ({e.TypeName}) holds the character U+0000 or half a surrogate pair, which Postgres cannot store.";
        }

        var sources = append.Ledger.Select(entry => EventHeaders.Write(entry.Source)).ToArray();
        if (sources.Any(source => StorableText.HasNull(source)))
            refusal ??= "A ledger entry's source holds the character U+0000, which Postgres cannot store.";
        if (refusal is not null)
            return null;
        return new PendingAppend(append)
        {
            Data = data,
            Headers = headers,
            DotNetTypes = dotNetTypes,
            LedgerSources = sources,
            NewIds = [.. AppendCheck.NewIds(append)],
            Size = append.StreamKey.Length + data.Sum(d => d.Length) + headers.Sum(h => h.Length) + sources.Sum(s => s.Length)
                + append.DeadLetters.Sum(d => (d.Payload?.Length ?? 0) + (d.Exception?.Length ?? 0)),
        };
    }

    public void Complete(AppendVerdict verdict) => _verdict.TrySetResult(verdict);

    public void Fail(StoreUnavailableException error) => _verdict.TrySetException(error);

    private static string MartenTypeName(Type type) => TypeNames.GetOrAdd(type, t => $"{t.FullName}, {t.Assembly.GetName().Name}");
}
