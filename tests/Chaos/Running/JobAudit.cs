using System.Globalization;
using System.Text.Json;
using AppHost.Kafka;
using Chaos.Checking;
using Contracts.Records;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace Chaos.Running;

/// <summary>
/// Computes again, record by record and partition by partition, what jobs must have come to, and compares it with what HTTP and their topics say. The log alone
/// decides which records were late, so there is one right answer whatever happened on the way.
/// </summary>
internal sealed class JobAudit(IKafkaBroker broker, string api, TimeSpan patience) : IDisposable
{
    private const long DelayMs = 5_000;
    private static readonly TimeSpan MaxAhead = TimeSpan.FromDays(1);
    private readonly Dictionary<int, long> _ends = [];

    // A partition was added: a user's records before and after lie apart, and a job by the record's key has a result of each.
    private readonly HashSet<string> _split = [];
    private readonly HttpClient _http = new() { BaseAddress = new Uri(api), Timeout = TimeSpan.FromSeconds(30) };

    public async Task<IReadOnlyList<Violation>> RunAsync(CancellationToken cancellationToken)
    {
        var schemas = new FolderSchemaRegistry(Path.Combine(AppContext.BaseDirectory, "schemas"));
        if (await ExpectAsync(schemas, cancellationToken) is not { } expected)
            return []; // the emulator has dropped what is long read
        var violations = new List<Violation>();
        foreach (var (job, windows) in expected)
        {
            if (await BehindAsync(job, cancellationToken) is { } behind)
            {
                violations.Add(new(ViolationClass.JobDiffers, behind, null, []));
                continue;
            }

            using (await _http.PostAsync($"jobs/{job}/drain", new StringContent("{}", System.Text.Encoding.UTF8, "application/json"), cancellationToken))
            {
            }

            violations.AddRange(await CompareAsync(job, windows, job == "user-activity" ? _split : [], cancellationToken));
        }

        if (violations.Count > 0)
            return violations;
        var topics = new ResultTopics(broker, schemas, patience);
        return
        [
            .. await topics.CheckAsync<EventCount>("event-counts", c => new(c.EventType, c.WindowStart, c.Revision, c.Events), expected["event-counts"], new HashSet<string>(), cancellationToken),
            .. await topics.CheckAsync<UserActivity>("user-activity", a => new(a.UserId, a.WindowStart, a.Revision, a.Events), expected["user-activity"], _split, cancellationToken),
        ];
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Waits until a job has kept all that there is: one that is drained before takes no more. What it lacks after all, or null.</summary>
    private async Task<string?> BehindAsync(string job, CancellationToken cancellationToken)
    {
        var lacking = "nothing is known of it";
        for (var until = DateTimeOffset.UtcNow + patience; DateTimeOffset.UtcNow < until; await Task.Delay(250, cancellationToken))
        {
            try
            {
                var taken = JsonSerializer.Deserialize<JsonElement>(await _http.GetStringAsync($"jobs/{job}", cancellationToken)).GetProperty("partitions").EnumerateArray()
                    .ToDictionary(p => p.GetProperty("partition").GetInt32(), p => p.GetProperty("nextOffset").GetInt64());
                var behind = _ends.Where(e => taken.GetValueOrDefault(e.Key) < e.Value).ToArray();
                if (behind.Length == 0)
                    return null;
                lacking = string.Join(", ", behind.Select(b => $"partition {b.Key} is at {taken.GetValueOrDefault(b.Key)} of {b.Value}"));
            }
            catch (HttpRequestException e)
            {
                lacking = e.Message; // a silo is coming back: asked again
            }
        }

        return $"job {job} has not taken everything after {patience.TotalSeconds} s: {lacking}";
    }

    private async Task<IReadOnlyList<Violation>> CompareAsync(string job, Dictionary<string, string> expected, HashSet<string> unsure, CancellationToken cancellationToken)
    {
        var until = DateTimeOffset.UtcNow + patience;
        while (true)
        {
            var (found, isFinal) = await ResultsAsync(job, cancellationToken);
            List<Violation> different =
            [
                .. expected.Where(e => found.GetValueOrDefault(e.Key) != e.Value).Select(e => new Violation(
                    ViolationClass.JobDiffers, $"job {job}, window {e.Key}: {found.GetValueOrDefault(e.Key) ?? "nothing"} came of it, but the records give {e.Value}", null, [])),
                .. found.Where(f => !expected.ContainsKey(f.Key) && !unsure.Contains(f.Key)).Select(f => new Violation(
                    ViolationClass.JobDiffers, $"job {job}, window {f.Key}: {f.Value} came of it, but no record lies in it", null, [])),
            ];
            if (different.Count == 0 && isFinal)
                return [];
            if (DateTimeOffset.UtcNow > until)
                return different.Count > 0 ? different : [new(ViolationClass.JobDiffers, $"job {job} is not drained after {patience.TotalSeconds} s", null, [])];
            await Task.Delay(250, cancellationToken);
        }
    }

    private async Task<(Dictionary<string, string> Windows, bool IsFinal)> ResultsAsync(string job, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"jobs/{job}/results");
        request.Headers.Add("Accept", "application/x-ndjson");
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            response.EnsureSuccessStatusCode();
            var rows = (await response.Content.ReadAsStringAsync(cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToArray();
            var windows = rows.GroupBy(
                r => $"{r.GetProperty("k").GetString()} {r.GetProperty("ws").GetDateTimeOffset().ToUnixTimeMilliseconds()}",
                r => job == "revenue" ? Text(r.GetProperty("total").GetDecimal(), r.GetProperty("orders").GetInt64()) : r.GetProperty("c").GetInt64().ToString(CultureInfo.InvariantCulture));
            return (windows.ToDictionary(w => w.Key, w => string.Join(" and ", w)), rows.All(r => r.GetProperty("state").GetString() == "final"));
        }
        catch (HttpRequestException)
        {
            return ([], false); // a silo is coming back: asked again
        }
    }

    private static string Text(decimal total, long orders) => FormattableString.Invariant($"{total:0.00} in {orders}");

    /// <summary>By job and window. Null when the topic does not begin with its first record any more.</summary>
    private async Task<Dictionary<string, Dictionary<string, string>>?> ExpectAsync(ISchemaRegistry schemas, CancellationToken cancellationToken)
    {
        var decoder = new AvroRecordDecoder<UserRecord>(schemas);
        var (counts, users, revenue) = (new Dictionary<string, long>(), new Dictionary<string, (int Partition, long Count)>(), new Dictionary<string, (decimal Total, long Orders)>());
        foreach (var partition in TopicReader.Read(broker, "user-events", cancellationToken).GroupBy(r => r.Partition.Value))
        {
            var newest = long.MinValue;
            var next = 0L;
            foreach (var record in partition)
            {
                if (record.Offset.Value != next++)
                    return null;
                _ends[partition.Key] = next;
                UserRecord user;
                try
                {
                    user = await decoder.DecodeAsync(record.Message.Value, cancellationToken);
                }
                catch (FormatException)
                {
                    continue;
                }

                var at = user.Timestamp.ToUnixTimeMilliseconds();
                if (at - (long)MaxAhead.TotalMilliseconds > record.Message.Timestamp.UnixTimestampMs)
                    continue;
                var watermark = newest == long.MinValue ? long.MinValue : newest - DelayMs;
                newest = Math.Max(newest, at);
                var minute = at - (at % 60_000);
                if (watermark < minute + 60_000)
                {
                    var key = $"{AvroName(user.EventType)} {minute}";
                    counts[key] = counts.GetValueOrDefault(key) + 1;
                    if (record.Message.Key is { Length: > 0 })
                        CountUser($"{user.UserId} {minute}", partition.Key);
                }

                var five = at - (at % 300_000);
                if (watermark < five + 300_000 && user.EventType == EventType.Purchase && user.Properties.TryGetValue("amount", out var amount))
                {
                    var (total, orders) = revenue.GetValueOrDefault($"all {five}");
                    revenue[$"all {five}"] = (total + decimal.Parse(amount, CultureInfo.InvariantCulture), orders + 1);
                }
            }
        }

        return new()
        {
            ["event-counts"] = counts.ToDictionary(c => c.Key, c => c.Value.ToString(CultureInfo.InvariantCulture)),
            ["user-activity"] = users.Where(u => !_split.Contains(u.Key)).ToDictionary(u => u.Key, u => u.Value.Count.ToString(CultureInfo.InvariantCulture)),
            ["revenue"] = revenue.ToDictionary(r => r.Key, r => Text(r.Value.Total, r.Value.Orders)),
        };

        void CountUser(string window, int partition)
        {
            var before = users.GetValueOrDefault(window, (partition, 0));
            if (before.Partition != partition)
                _split.Add(window);
            users[window] = (partition, before.Count + 1);
        }
    }

    private static string AvroName(EventType type) => type switch
    {
        EventType.PageView => "PAGE_VIEW",
        EventType.AddToCart => "ADD_TO_CART",
        _ => type.ToString().ToUpperInvariant(),
    };
}
