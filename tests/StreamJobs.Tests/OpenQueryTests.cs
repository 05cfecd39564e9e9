using StreamJobs.Engine;
using StreamJobs.Running;
using Testing.Postgres;

namespace StreamJobs.Tests;

/// <summary>A question for open windows makes rows of what is asked for, however many keys a job has.</summary>
public sealed class OpenQueryTests(PostgresServer postgres)
{
    public static TheoryData<string> Kinds => ["tumbling", "sliding", "session", "counting"];

    [Theory, MemberData(nameof(Kinds))]
    public async Task What_is_asked_for_of_a_key_a_time_or_a_place_is_what_a_look_at_all_shows_of_it(string kind)
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await using var partition = await world.OpenAsync(job: JobOf(kind));
        await partition.ProcessAsync(new Chunk(0, new("b", 1, 0), new("a", 2, 0), new("c", 13, 0), new("a", 14, 0), new("b", 25, 0), new("a", 31, 0)), default);
        var all = Rows(partition, new());
        Assert.True(all.Count >= 3, string.Join('\n', all));
        Assert.Equal(all.OrderBy(r => r.EndMs).ThenBy(r => r.Key, StringComparer.Ordinal).ThenBy(r => r.StartMs), all);

        foreach (var key in new[] { "a", "b", "c", "nobody" })
            Assert.Equal(all.Where(r => r.Key == key), Rows(partition, new(key)));
        for (var ms = -20; ms <= 50; ms++)
        {
            Assert.Equal(all.Where(r => r.StartMs >= ms), Rows(partition, new(FromMs: ms)));
            Assert.Equal(all.Where(r => r.StartMs < ms), Rows(partition, new(ToMs: ms)));
        }

        for (var i = 0; i < all.Count; i++)
            Assert.Equal(all.Skip(i + 1).Take(2), Rows(partition, new(After: new(all[i].EndMs, all[i].Key, all[i].StartMs), Limit: 2)));
    }

    [Fact]
    public void A_merged_jobs_windows_are_asked_the_same_way()
    {
        var job = Job.Named("visits").From<Visit>("visits").Watermark(v => v.Time, 100.Milliseconds()).KeyBy(v => v.Who).Window(Sliding.Of(20.Milliseconds(), 10.Milliseconds()))
            .Aggregate(a => new { c = a.Count() });
        Assert.True(job.IsMerged);
        var (partition, merger) = (job.CreatePartition(0, null, _ => 1), job.CreateMerger(null));
        ((PartitionJob<Visit>)partition).Process(
            [new("b", 1, 0), new("a", 2, 0), new("c", 13, 0), new("a", 14, 0)], [.. Enumerable.Range(0, 4).Select(i => new RecordPlace(i, long.MaxValue, i, true))], 4);
        var parts = partition.OpenSlices().Select(s => (0, s.Slice, s.Data)).ToArray();
        var all = Rows(new());
        Assert.Equal(7, all.Count);
        Assert.Equal(all.Where(r => r.Key == "a"), Rows(new("a")));
        Assert.Equal(all.Skip(2).Take(3), Rows(new(After: new(all[1].EndMs, all[1].Key, all[1].StartMs), Limit: 3)));

        List<Row> Rows(OpenQuery query) => [.. merger.OpenResults(parts, query).Select(r => new Row(r.Key, r.StartMs, r.EndMs, System.Text.Encoding.UTF8.GetString(r.Json)))];
    }

    private static Job JobOf(string kind)
    {
        var visits = Visits.Keyed(delay: 100);
        return kind switch
        {
            "tumbling" => visits.Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count() }),
            "sliding" => visits.Window(Sliding.Of(20.Milliseconds(), 10.Milliseconds())).Aggregate(a => new { c = a.Count() }),
            "session" => visits.Window(Session.WithGap(5.Milliseconds())).Aggregate(a => new { c = a.Count() }),
            _ => visits.Window(Counting.Of(10)).Aggregate(a => new { c = a.Count() }),
        };
    }

    private static List<Row> Rows(JobPartition partition, OpenQuery query) =>
        [.. partition.OpenResults("visits", query).Select(r => new Row(r.Key, r.StartMs, r.EndMs, System.Text.Encoding.UTF8.GetString(r.Json)))];

    private sealed record Row(string Key, long StartMs, long EndMs, string Json);
}
