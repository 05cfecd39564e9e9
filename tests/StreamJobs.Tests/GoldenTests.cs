using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Grains.Jobs;
using StreamJobs.Testing;

namespace StreamJobs.Tests;

/// <summary>The shop's jobs against what Apache Flink SQL computed of the same 20,000 events: row for row.</summary>
public sealed class GoldenTests
{
    private static readonly Lazy<ILookup<int, ShopEvent>> Events = new(() => Lines("events").ToLookup(
        e => e.GetProperty("partition").GetInt32(), ToEvent));

    public static TheoryData<string> Queries =>
    [
        "event-counts", "user-activity", "revenue", "session-analysis", "top-pages", "device-distribution", "conversion-funnel", "search-analytics",
        "user-engagement", "user-sessions",
    ];

    [Theory, MemberData(nameof(Queries))]
    public void A_drained_job_equals_Flink(string query) => AssertEqualsFlink(query, new JobHarness<ShopEvent>(JobOf(query), 4), restartEvery: int.MaxValue);

    [Theory, MemberData(nameof(Queries))]
    public void A_job_that_was_restarted_on_the_way_equals_Flink(string query) =>
        AssertEqualsFlink(query, new JobHarness<ShopEvent>(JobOf(query), 4), restartEvery: 700);

    private static void AssertEqualsFlink(string query, JobHarness<ShopEvent> harness, int restartEvery)
    {
        foreach (var partition in Events.Value)
        {
            foreach (var chunk in partition.Chunk(Math.Min(restartEvery, 500)))
            {
                harness.Given(partition.Key, chunk);
                if (restartEvery < int.MaxValue)
                    harness.Restart();
            }
        }

        harness.Drain();
        Assert.Empty(harness.Late);
        Assert.Empty(harness.Faults);
        Assert.Equal(
            Lines(query.Replace('-', '_')).Select(r => Row(r, r.GetProperty("k").GetString()!, Time(r.GetProperty("ws")), Time(r.GetProperty("we")))).Order(StringComparer.Ordinal),
            harness.Results.Select(r => Row(r.Value, r.Key, r.Start, r.End)).Order(StringComparer.Ordinal));
    }

    private static Job JobOf(string query) => ShopJobs.All.Single(j => j.Name == query);

    private static string Row(JsonElement fields, string key, DateTimeOffset start, DateTimeOffset end) => string.Join('\t', fields.EnumerateObject()
        .Where(f => f.Name is not ("k" or "ws" or "we")).OrderBy(f => f.Name, StringComparer.Ordinal)
        .Select(f => $"{f.Name}={Value(f.Value)}").Prepend($"{start:O} {end:O} {key}"));

    private static string Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDecimal().ToString("0.####", CultureInfo.InvariantCulture),
        JsonValueKind.String => Time(value).ToString("O"),
        _ => value.GetRawText(),
    };

    private static DateTimeOffset Time(JsonElement text) => DateTimeOffset.Parse(text.GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static ShopEvent ToEvent(JsonElement e)
    {
        string? Entry(string name) => e.GetProperty("properties").TryGetProperty(name, out var v) ? v.GetString() : null;
        return new ShopEvent
        {
            UserId = e.GetProperty("user_id").GetString()!,
            SessionId = e.GetProperty("session_id").GetString(),
            EventType = e.GetProperty("event_type").GetString()!,
            Timestamp = DateTimeOffset.FromUnixTimeMilliseconds(e.GetProperty("timestamp").GetInt64()),
            PageUrl = e.GetProperty("page_url").GetString(),
            DeviceType = e.GetProperty("device_type").GetString(),
            Amount = Entry("amount") is { } amount ? decimal.Parse(amount, CultureInfo.InvariantCulture) : null,
            Query = Entry("query"),
            ResultsCount = Entry("results_count") is { } count ? long.Parse(count, CultureInfo.InvariantCulture) : null,
        };
    }

    private static List<JsonElement> Lines(string name)
    {
        using var file = new GZipStream(File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Golden", $"{name}.ndjson.gz")), CompressionMode.Decompress);
        using var reader = new StreamReader(file);
        var lines = new List<JsonElement>();
        while (reader.ReadLine() is { } line)
            lines.Add(JsonSerializer.Deserialize<JsonElement>(line));
        return lines;
    }
}
