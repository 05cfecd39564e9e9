using System.Text.Encodings.Web;
using System.Text.Json;

namespace StreamJobs.Engine;

/// <summary>What a job has to say since its last checkpoint.</summary>
internal abstract class JobOutput
{
    public static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Parts of slices for the merger, each replacing the partition's former one.</summary>
    public Dictionary<long, byte[]> Partials { get; } = [];

    public List<ResultRow> Results { get; } = [];

    /// <summary>Results for topics: records that are encoded when they are sent.</summary>
    public List<ResultRecord> Records { get; } = [];

    public bool IsEmpty => Partials.Count == 0 && Results.Count == 0 && Records.Count == 0;

    public void Clear()
    {
        Partials.Clear();
        Results.Clear();
        Records.Clear();
    }
}

/// <summary>What a job with a type of result has to say.</summary>
internal sealed class JobOutput<TResult>(IReadOnlyList<TopicSink> topics) : JobOutput
{
    private readonly (string Topic, Func<WindowResult<TResult>, object> ToRecord, Type Type)[] _topics =
        [.. topics.Select(t => (t.Topic, (Func<WindowResult<TResult>, object>)t.ToRecord, t.RecordType))];

    public void AddPartial(long slice, byte[] data) => Partials[slice] = data;

    public void Add(WindowResult<TResult> result)
    {
        Results.Add(ToRow(result));
        foreach (var (topic, toRecord, type) in _topics)
            Records.Add(new(topic, $"{result.Key}|{result.StartMs}", result.Retracted ? null : toRecord(result), type));
    }

    public static ResultRow ToRow(WindowResult<TResult> result) => new(
        result.Key, result.StartMs, result.EndMs, result.Revision, result.Retracted,
        result.Retracted ? "{}"u8.ToArray() : JsonSerializer.SerializeToUtf8Bytes(result.Value, Json));
}

/// <summary>A result as it is stored: its value is a JSON object with the names that the job gave.</summary>
internal readonly record struct ResultRow(string Key, long StartMs, long EndMs, int Revision, bool Retracted, byte[] Json);

/// <summary>A result on its way to a topic. Without a record, it is a tombstone: the window is no more.</summary>
internal readonly record struct ResultRecord(string Topic, string Key, object? Record, Type Type);
