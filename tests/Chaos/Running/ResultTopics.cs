using System.Globalization;
using AppHost.Kafka;
using Chaos.Checking;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace Chaos.Running;

/// <summary>A record of a topic of results.</summary>
/// <param name="Key">The window's key.</param>
/// <param name="Start">The window's start.</param>
/// <param name="Revision">Which of the window's results it is, from 0.</param>
/// <param name="Count">What was counted.</param>
internal sealed record CountRecord(string Key, DateTimeOffset Start, int Revision, long Count);

/// <summary>
/// What a reader of committed records sees in a job's topic: each revision of each window once, in order, and the last is the result. The emulator's readers see transactions
/// that were aborted too, so a revision may be there twice; it always says the same.
/// </summary>
internal sealed class ResultTopics(IKafkaBroker broker, ISchemaRegistry schemas, TimeSpan patience)
{
    private readonly bool _isExact = broker.Kind != "emulator";

    /// <summary>What is wrong with a topic.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="read">Reads a record.</param>
    /// <param name="expected">The last count of each window, by key and start.</param>
    /// <param name="unsure">Windows that nothing is said of.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<IReadOnlyList<Violation>> CheckAsync<T>(
        string topic, Func<T, CountRecord> read, IReadOnlyDictionary<string, string> expected, IReadOnlySet<string> unsure, CancellationToken cancellationToken)
        where T : class
    {
        var decoder = new AvroRecordDecoder<T>(schemas);
        var until = DateTimeOffset.UtcNow + patience;
        while (true)
        {
            var seen = new Dictionary<string, List<CountRecord>>();
            foreach (var record in TopicReader.Read(broker, topic, cancellationToken))
            {
                CountRecord count;
                try
                {
                    count = read(await decoder.DecodeAsync(record.Message.Value, cancellationToken));
                }
                catch (FormatException e)
                {
                    return [new(ViolationClass.JobDiffers, $"topic {topic}, {record.Partition.Value}@{record.Offset.Value}: {e.Message}", null, [])];
                }

                var key = $"{count.Key} {count.Start.ToUnixTimeMilliseconds()}";
                if (!unsure.Contains(key))
                    (seen.TryGetValue(key, out var all) ? all : seen[key] = []).Add(count);
            }

            var disorder = seen.Where(s => !IsInOrder(s.Value)).Select(s => new Violation(
                ViolationClass.JobResultTwice, $"topic {topic}, window {s.Key}: revisions {string.Join(", ", s.Value.Select(c => $"{c.Revision} ({c.Count})"))}", null, [])).ToArray();
            var wrong = expected.Where(e => Last(seen, e.Key) != e.Value).Select(e => new Violation(
                ViolationClass.JobDiffers, $"topic {topic}, window {e.Key}: {Last(seen, e.Key) ?? "nothing"}, not {e.Value}", null, []))
                .Concat(seen.Keys.Where(k => !expected.ContainsKey(k)).Select(k => new Violation(
                    ViolationClass.JobDiffers, $"topic {topic}, window {k}: {Last(seen, k)}, but no record lies in it", null, []))).ToArray();
            if (disorder.Length > 0 || wrong.Length == 0 || DateTimeOffset.UtcNow > until)
                return [.. disorder, .. wrong];
            await Task.Delay(500, cancellationToken);
        }
    }

    private bool IsInOrder(List<CountRecord> window) => _isExact
        ? window.Select(c => c.Revision).SequenceEqual(Enumerable.Range(0, window.Count))
        : window.GroupBy(c => c.Revision).All(g => g.Distinct().Count() == 1);

    private static string? Last(Dictionary<string, List<CountRecord>> seen, string window) =>
        seen.GetValueOrDefault(window)?.MaxBy(c => c.Revision)!.Count.ToString(CultureInfo.InvariantCulture);
}
