namespace StreamJobs.Tests;

public sealed class DefinitionTests
{
    public static TheoryData<Action, string> Mistakes => new()
    {
        { () => Job.Named("Top Pages"), "lower-case letters" },
        { () => Job.Named("j").From<Visit>(" "), "a topic without a name" },
        { () => Job.Named("j").From<Visit>("t").Watermark(v => v.Time, -1.Seconds()), "delay must not be negative" },
        { () => Visits.Keyed().Window(Session.WithGap(0.Seconds())), "gap must be a positive number" },
        { () => Visits.Keyed().Window(Tumbling.Of(0.Seconds())), "size must be a positive number" },
        { () => Visits.Keyed().Window(Sliding.Of(10.Seconds(), every: 3.Seconds())), "must be a multiple of its slide" },
        { () => Visits.Keyed().Window(Counting.Of(0)), "at least one record" },
        { () => Visits.Keyed().Window(Tumbling.Of(1.Seconds()), -1.Seconds()), "lateness must not be negative" },
        { () => Job.Named("j").From<Visit>("t").ByArrival().KeyByNothing().Window(Tumbling.Of(1.Seconds()), 1.Seconds()), "no lateness to allow" },
        { () => Visits.Keyed().Window(Counting.Of(2)).Aggregate(a => a.Count()).ToLake(), "the lake takes results when" },
        { () => Counted().ToLake().ToTopic("out", r => new object()).OnlyToTopics(), "does without" },
        { () => Counted().ToTopic("out", r => new object()).OnlyToTopics().ToLake(), "does without" },
        { () => Counted().KeepResults(0.Seconds()), "kept for a positive time" },
        { () => Stream().KeyBy(v => v.Who).Window(Session.WithGap(1.Seconds())), "use KeyByRecordKey" },
        { () => Stream().KeyBy(v => v.Who).Process(new Nothing(), 1.Seconds()), "use KeyByRecordKey" },
        { () => Visits.Keyed().Process(new Nothing(), 0.Seconds()), "kept for must be a positive number" },
        { () => Counted().ToTopic("visits", r => new object()), "which it reads" },
        { () => Counted().ToTopic("out", r => new object()).ToTopic("out", r => new object()), "twice" },
        { () => Counted().OnlyToTopics(), "would go nowhere" },
        { () => Visits.Keyed().Window(Tumbling.Of(1.Seconds())).Aggregate(a => new { c = a }), "may only be used to call an aggregate" },
        { () => Visits.Keyed().Window(Tumbling.Of(1.Seconds())).Aggregate(a => new { c = a.Max(v => new object()) }), "type Object have no order" },
        { () => Tumbled().Aggregate(a => new { c = a.Top(3, v => new { v.Who }) }), "have no order, so 'Top' of them" },
        { () => Tumbled().Aggregate(a => new { c = a.Top(3, v => ValueTuple.Create(v.Who, new object())) }), "have no order, so 'Top' of them" },
        { () => Tumbled().Aggregate(a => new { c = a.Min(v => ValueTuple.Create(v.Value, new[] { v.At })) }), "have no order, so 'Min' of them" },
        { () => Tumbled().Aggregate(a => new { c = a.Top(3, v => new Rank()) }), "'Top' would count objects" },
        { () => Tumbled().Aggregate(a => new { c = a.CountDistinct(v => new[] { v.Value }) }), "type Int32[] are equal to nothing but themselves, so 'CountDistinct' would count objects" },
        { () => Tumbled().Aggregate(a => new { c = a.CountDistinct(v => new Nothing()) }), "'CountDistinct' would count objects" },
        { () => Tumbled().Aggregate(a => new { c = a.CountDistinct(v => (IReadOnlyList<int>)new List<int>()) }), "'CountDistinct' would count objects" },
        { () => Tumbled().Aggregate(a => new { c = a.CountDistinct(v => ValueTuple.Create(v.Who, new object())) }), "'CountDistinct' would count objects" },
        { () => Join(2.Seconds(), 1.Seconds()), "begins (00:00:02) behind its end (00:00:01)" },
        { () => Join(TimeSpan.FromTicks(1), 1.Seconds()), "whole milliseconds" },
        { () => Join(0.Seconds(), 1.Seconds(), -1.Seconds()), "lateness must not be negative" },
        { () => Visits.Keyed().Join(other => other.From<Visit>(" ").Watermark(v => v.Time, 1.Seconds()).KeyBy(v => v.Who), 0.Seconds(), 1.Seconds()), "'visits': it reads from a topic without" },
        { () => Visits.Keyed().Join(_ => Job.Named("j").From<Visit>("t").Watermark(v => v.Time, 1.Seconds()).KeyBy(v => v.Who), 0.Seconds(), 1.Seconds()), "a part of job 'j'" },
        { () => Visits.Keyed().Join(other => other.From<Visit>("t").ByArrival().KeyBy(v => v.Who), 0.Seconds(), 1.Seconds()), "use Watermark" },
        { () => Visits.Keyed().Join(other => other.From<Visit>("visits-inputs").Watermark(v => v.Time, 1.Seconds()).KeyBy(v => v.Who), 0.Seconds(), 1.Seconds()).Select((l, r) => l), "which it reads" },
        { () => Join(0.Seconds(), 1.Seconds()).ToTopic("t", r => new object()), "would go to 't', which it reads" },
        { () => Join(0.Seconds(), 1.Seconds()).ToTopic("visits-inputs", r => new object()), "would go to 'visits-inputs', which it reads" },
        { () => Join(0.Seconds(), 1.Seconds()).LateToTopic("visits"), "would go to 'visits', which it reads" },
    };

    [Theory, MemberData(nameof(Mistakes))]
    public void A_mistake_is_told_where_the_job_is_declared_with_its_name(Action declare, string mistake)
    {
        var error = Assert.Throws<JobDefinitionException>(declare);
        Assert.StartsWith("Job '", error.Message, StringComparison.Ordinal);
        Assert.Contains(mistake, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_that_can_be_told_apart_are_counted()
    {
        _ = Tumbled().Aggregate(a => new { c = a.CountDistinct(v => new { v.Who, v.Value }) });
        _ = Tumbled().Aggregate(a => new { c = a.CountDistinct(v => ValueTuple.Create(v.Who, (int?)v.Value)) });
        _ = Tumbled().Aggregate(a => new { c = a.CountDistinct(v => new Uri("https://example.com")), days = a.CountDistinct(v => v.Time.DayOfWeek), visits = a.CountDistinct(v => v) });
        _ = Tumbled().Aggregate(a => new { c = a.Top(3, v => ValueTuple.Create(v.Who, v.Value)), days = a.Top(3, v => v.Time.DayOfWeek), who = a.Top(3, v => v.Who) });
    }

    private static WindowedStream<Visit, Visit> Tumbled() => Visits.Keyed().Window(Tumbling.Of(1.Seconds()));

    private static JobStream<Visit, Visit> Stream() => Job.Named("visits").From<Visit>("visits").Watermark(v => v.Time, TimeSpan.Zero);

    private static ResultJob<Visit> Join(TimeSpan from, TimeSpan to, TimeSpan lateness = default) =>
        Visits.Keyed().Join(other => other.From<Visit>("t").Watermark(v => v.Time, 1.Seconds()).KeyBy(v => v.Who), from, to, lateness).Select((left, _) => left);

    private static WindowJob<Visit, Visit, long> Counted() => Visits.Keyed().Window(Tumbling.Of(1.Seconds())).Aggregate(a => a.Count());

    private sealed class Rank : IComparable
    {
        public int CompareTo(object? obj) => 0;
    }

    private sealed class Nothing : Process<Visit, string, string>
    {
        public override void OnRecord(Visit record, ProcessContext<string, string> context)
        {
        }
    }
}
