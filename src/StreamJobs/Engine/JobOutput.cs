using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using StreamJobs.Running;

namespace StreamJobs.Engine;

/// <summary>What a job has to say since its last checkpoint.</summary>
internal abstract class JobOutput
{
    private protected static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Parts of slices for the merger, each replacing the partition's former one.</summary>
    public Dictionary<long, byte[]> Partials { get; } = [];

    public List<ResultRow> Results { get; } = [];

    /// <summary>Results for topics.</summary>
    public List<ResultRecord> Records { get; } = [];

    /// <summary>What the job's code threw when a result was computed, which there is none of then.</summary>
    public List<Exception> Failures { get; } = [];

    public bool IsEmpty => Partials.Count == 0 && Results.Count == 0 && Records.Count == 0 && Failures.Count == 0;

    public void Clear()
    {
        Partials.Clear();
        Results.Clear();
        Records.Clear();
        Failures.Clear();
    }
}

/// <summary>What a job with a type of result has to say.</summary>
/// <param name="topics">The topics that results go to.</param>
/// <param name="encoder">Writes results for topics. Null, in the harness: no topic gets any, and every result is a row.</param>
/// <param name="onlyToTopics">Whether results are in topics alone.</param>
internal sealed class JobOutput<TResult>(IReadOnlyList<TopicSink> topics, IJobRecordEncoder? encoder, bool onlyToTopics) : JobOutput
{
    /// <summary>Postgres indexes results by their keys, and no entry of an index may be longer than a third of a page.</summary>
    private const int MaxKeyBytes = 2000;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);
    private readonly (string Topic, Func<WindowResult<TResult>, object> ToRecord, Type Type)[] _topics =
        [.. topics.Select(t => (t.Topic, (Func<WindowResult<TResult>, object>)t.ToRecord, t.RecordType))];

    private readonly bool _hasRows = encoder is null || !onlyToTopics;

    public void AddPartial(long slice, byte[] data) => Partials[slice] = data;

    /// <summary>Adds a result, for the table and for topics, or what the job's code threw when it was computed. Never throws.</summary>
    public void Add(Func<WindowResult<TResult>> compute)
    {
        try
        {
            var result = compute();
            ResultRow? row = _hasRows ? ToStorableRow(result) : null;
            var records = encoder is null ? [] : _topics.Select(t => new ResultRecord(
                t.Topic, $"{result.Key}|{result.StartMs}", result.Retracted ? null : encoder.Encode(t.Topic, t.Type, t.ToRecord(result))).OfAtMost(encoder.MaxBytes)).ToArray();
            if (row is { } stored)
                Results.Add(stored);
            Records.AddRange(records);
        }
        catch (Exception e)
        {
            Failures.Add(e);
        }
    }

    /// <summary>Results of open windows; one that cannot be computed is left out, and said when its window closes.</summary>
    public static IEnumerable<WindowResult<TResult>> Computable(IEnumerable<Func<WindowResult<TResult>>> open)
    {
        foreach (var compute in open)
        {
            WindowResult<TResult> result;
            try
            {
                result = compute();
            }
            catch (Exception)
            {
                continue;
            }

            yield return result;
        }
    }

    private static ResultRow ToStorableRow(WindowResult<TResult> result)
    {
        var row = ToRow(result);

        // One such row would keep every later checkpoint from being written.
        if (StrictUtf8.GetByteCount(row.Key) is > MaxKeyBytes and var length)
            throw new FormatException($"The result's key has {length} bytes, and at most {MaxKeyBytes} are stored: '{row.Key[..100]}...'. Have the job key by less of it, or by its hash.");
        if (row.Key.Contains('\0', StringComparison.Ordinal) || row.Json.AsSpan().IndexOf(@"\u0000"u8) >= 0)
            throw new FormatException($"The result of '{row.Key}' holds the character U+0000, which Postgres does not store.");
        return row;
    }

    public static ResultRow ToRow(WindowResult<TResult> result) => new(
        result.Key, result.StartMs, result.EndMs, result.Revision, result.Retracted,
        result.Retracted ? "{}"u8.ToArray() : JsonSerializer.SerializeToUtf8Bytes(result.Value, Json));
}

/// <summary>A result as it is stored: its value is a JSON object with the names that the job gave.</summary>
internal readonly record struct ResultRow(string Key, long StartMs, long EndMs, int Revision, bool Retracted, byte[] Json);

/// <summary>A result on its way to a topic. Without a value it is a tombstone: the window is no more.</summary>
/// <param name="Topic">The topic's logical name.</param>
/// <param name="Key">Its key.</param>
/// <param name="Value">Its value.</param>
/// <param name="ToAll">Whether every partition gets it, not the key's alone.</param>
internal readonly record struct ResultRecord(string Topic, string Key, byte[]? Value, bool ToAll = false)
{
    /// <summary>The record itself, if it can be sent. One that can't would hold up all that comes after it.</summary>
    /// <exception cref="FormatException">It is larger.</exception>
    public ResultRecord OfAtMost(int bytes) => Encoding.UTF8.GetByteCount(Key) + (Value?.Length ?? 0) is var size && size <= bytes
        ? this
        : throw new FormatException($"The record for topic '{Topic}' has {size} bytes, and at most {bytes} are sent (Kafka:Client:message.max.bytes): its key begins with '{Key[..Math.Min(100, Key.Length)]}'.");
}
