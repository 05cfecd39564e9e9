using System.Runtime.CompilerServices;
using StreamJobs.Testing;

namespace StreamJobs.Tests;

/// <summary>Joins by example: left records are called by a letter for their key and their time, right ones too.</summary>
public sealed class JoinTests
{
    [Fact]
    public void A_record_is_paired_with_each_of_the_same_key_in_the_interval_which_both_ends_belong_to() =>
        Assert.Equal(
            ["a|0.0|0.1 90-101 100:90", "a|0.0|0.2 100-101 100:100", "a|0.0|0.3 100-121 100:120"],
            Harness(from: -10, to: 20).Left(Of("a", 100)).Right(Of("a", 89, 90, 100, 120, 121)).Right(Of("b", 100)).Texts());

    [Fact]
    public void It_does_not_matter_which_of_a_pair_comes_first() =>
        Assert.Equal(
            ["a|0.0|0.1 90-101 100:90", "a|0.0|0.2 100-101 100:100", "a|0.0|0.3 100-121 100:120"],
            Harness(from: -10, to: 20).Right(Of("a", 89, 90, 100, 120, 121)).Right(Of("b", 100)).Left(Of("a", 100)).Texts());

    [Fact]
    public void A_record_at_its_partitions_watermark_is_in_time_and_one_before_it_is_late_by_its_own_partition_alone()
    {
        var harness = Harness(from: -1000, to: 1000, delay: 10, lateness: 5, left: 2, right: 1).Right(Of("a", 500))
            .Left(0, Of("a", 100, 85, 84)).Left(1, Of("a", 84));
        Assert.Equal(["a|0.0|0.0", "a|0.1|0.0", "a|1.0|0.0"], harness.Results.Select(r => r.Key).Order(StringComparer.Ordinal));
        Assert.Equal([84], harness.LateLeft.Select(v => v.At));
        Assert.Empty(harness.LateRight);
    }

    [Fact]
    public void A_topic_can_be_joined_with_itself() =>
        Assert.Equal(["a|0.0|0.1 0-6 0:5"], new JoinHarness<Visit, Visit>(Joined(1, 10)).Left(Of("a", 0, 5)).Right(Of("a", 0, 5)).Texts());

    [Fact]
    public void What_a_records_parts_become_are_told_apart()
    {
        var job = Job.Named("joined").From<Visit>("lefts").Watermark(v => v.Time, TimeSpan.Zero).SelectMany(v => new[] { v.Who + "1", v.Who + "1", v.Who + "2" }).KeyBy(k => k)
            .Join(o => o.From<Visit>("rights").Watermark(v => v.Time, TimeSpan.Zero).KeyBy(v => v.Who), 0.Seconds(), 0.Seconds()).Select((l, r) => new { c = l });
        Assert.Equal(["a1|0.0.1|0.0", "a1|0.0|0.0"], new JoinHarness<Visit, Visit>(job).Left(Of("a", 0)).Right(Of("a1", 0)).Results.Select(r => r.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Records_are_forgotten_once_every_partition_of_the_other_topic_has_passed_the_interval_although_the_joins_partition_gets_none_of_its_records()
    {
        // Each of the join's partitions must hear of both right ones, which have records of one key, and so of one of its partitions.
        var harness = Harness(from: 0, to: 1000, right: 2, partitions: 3).Left(Of("a", 0)).Left(Of("b", 0)).Left(Of("c", 0));
        Assert.Equal(3, harness.Keys);
        harness.Right(0, Of("z", 900_000));
        Assert.Equal(4, harness.Keys);
        harness.Right(1, Of("z", 1000));
        Assert.Equal(4, harness.Keys);
        harness.Right(1, Of("z", 2001)).Left(Of("z", 10_000_000));
        Assert.Equal(1, harness.Keys); // the last one, which the right topic has not come to
        Assert.Equal(0, harness.Drain().Restart().Keys);
    }

    [Fact]
    public void A_partition_that_never_had_a_record_may_have_one_of_any_time_so_nothing_is_forgotten_before()
    {
        var harness = Harness(from: 0, to: 1000, right: 2).Left(Of("a", 0)).Right(0, Of("z", 900_000)).Restart();
        Assert.Equal(2, harness.Keys);
        Assert.Equal(["a|0.0|1.0 0-501 0:500"], harness.Right(1, Of("a", 500)).Texts());
    }

    [Fact]
    public void A_record_that_the_jobs_code_throws_on_is_left_out_and_a_pair_that_it_throws_on_has_no_result()
    {
        var job = Job.Named("joined").From<Visit>("lefts").Watermark(v => v.Time, TimeSpan.Zero).Where(v => v.Value == 13 ? throw new InvalidOperationException("thirteen") : true)
            .KeyBy(v => v.Who).Join(o => o.From<Visit>("rights").Watermark(v => v.Time, TimeSpan.Zero).KeyBy(v => v.Who), 0.Seconds(), 1.Seconds())
            .Select((l, r) => new { c = r.Value / l.Value });
        var harness = new JoinHarness<Visit, Visit>(job).Left(new Visit("a", 0, 13), new Visit("a", 1, 0), new Visit("a", 2, 2)).Right(new Visit("a", 3, 8));
        Assert.Equal([4], harness.Results.Select(r => r.Value.GetProperty("c").GetInt32()));
        Assert.Equal(["thirteen"], harness.Faults.Select(f => f.Message));
        Assert.IsType<DivideByZeroException>(Assert.Single(harness.Failures));
    }

    [Fact]
    public void Records_of_no_key_are_left_out_and_move_the_watermark() =>
        Assert.Equal([1], Harness(from: 0, to: 1000).Left(new Visit(null!, 100, 0), new Visit("a", 1, 0)).LateLeft.Select(v => v.At));

    [Fact]
    public void Late_records_of_both_topics_go_where_the_join_says()
    {
        var job = Joined(0, 1).LateToTopic("late");
        Assert.All(job.Feeders, feeder => Assert.Equal("late", feeder.LateTopic));
        Assert.Throws<JobDefinitionException>(() => job.LateToTopic("rights"));
    }

    [Fact]
    public void What_lies_on_the_joins_topic_has_the_fields_of_its_schema()
    {
        var fields = SchemaRegistry.AvroSchema.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "schemas", "join_input.avsc"))).Fields;
        Assert.Equal(
            fields.Select(f => (f.Name.Replace("_", "", StringComparison.Ordinal), f.DefaultValue is null)),
            typeof(JoinInput).GetProperties().Select(p => (p.Name.ToLowerInvariant(), p.IsDefined(typeof(RequiredMemberAttribute), inherit: false))));
    }

    private static JoinHarness<Visit, Visit> Harness(int from, int to, int delay = 0, int lateness = 0, int left = 1, int right = 1, int partitions = 1) =>
        new(Joined(from, to, delay, lateness), left, right, partitions);

    internal static ResultJob<Pair> Joined(int from, int to, int delay = 0, int lateness = 0) => Job.Named("joined").From<Visit>("lefts").Watermark(v => v.Time, delay.Milliseconds()).KeyBy(v => v.Who)
        .Join(other => other.From<Visit>("rights").Watermark(v => v.Time, delay.Milliseconds()).KeyBy(v => v.Who), from.Milliseconds(), to.Milliseconds(), lateness.Milliseconds())
        .Select((left, right) => new Pair($"{left.At}:{right.At}"));

    internal sealed record Pair(string pair);

    private static Visit[] Of(string who, params long[] times) => [.. times.Select(at => new Visit(who, at, 0))];
}

internal static class JoinTexts
{
    /// <summary>Pairs as text: key start-end and what came of it.</summary>
    public static string[] Texts(this JoinHarness<Visit, Visit> harness) => [.. harness.Results
        .Select(r => $"{r.Key} {r.Start.ToUnixTimeMilliseconds()}-{r.End.ToUnixTimeMilliseconds()} {r.Value.GetProperty("pair").GetString()}").Order(StringComparer.Ordinal)];
}
