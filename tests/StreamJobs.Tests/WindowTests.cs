using StreamJobs.Testing;

namespace StreamJobs.Tests;

public sealed class WindowTests
{
    private static readonly Job Tens = Visits.Keyed(delay: 5).Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count() });

    [Fact]
    public void A_window_closes_when_the_watermark_reaches_its_end()
    {
        var harness = new JobHarness<Visit>(Tens).Given(new Visit("a", 1, 0), new Visit("a", 9, 0), new Visit("b", 14, 0));
        Assert.Empty(harness.Results);
        harness.Given(new Visit("b", 15, 0));
        Assert.Equal(["a 0-10 r0 2"], harness.Results.Texts());
    }

    [Fact]
    public void A_record_at_a_boundary_belongs_to_the_later_window_and_one_before_the_epoch_to_its_own() =>
        Assert.Equal(
            ["a -10-0 r0 1", "a 0-10 r0 1", "a 10-20 r0 1"],
            new JobHarness<Visit>(Tens).Given(new Visit("a", -1, 0), new Visit("a", 0, 0), new Visit("a", 10, 0)).Drain().Results.Texts());

    [Fact]
    public void A_record_is_late_when_the_watermark_before_it_has_passed_its_window_and_is_set_aside()
    {
        // 15 makes the watermark 10: 9 is late, 10 is not; and it is the watermark before a record that counts.
        var harness = new JobHarness<Visit>(Tens).Given(new Visit("a", 15, 0), new Visit("a", 9, 1), new Visit("a", 10, 2), new Visit("a", 30, 3), new Visit("a", 19, 4)).Drain();
        Assert.Equal([1, 4], harness.Late.Select(v => v.Value));
        Assert.Equal(["a 10-20 r0 2", "a 30-40 r0 1"], harness.Results.Texts());
    }

    [Fact]
    public void A_record_within_the_allowed_lateness_gives_another_revision_each()
    {
        var job = Visits.Keyed().Window(Tumbling.Of(10.Milliseconds()), allowedLateness: 5.Milliseconds()).Aggregate(a => new { c = a.Count() });
        var harness = new JobHarness<Visit>(job).Given(
            new Visit("a", 3, 0), new Visit("a", 12, 0), new Visit("a", 4, 0), new Visit("b", 5, 0), new Visit("a", 6, 0), new Visit("a", 15, 0), new Visit("a", 7, 9));
        Assert.Equal(["a 0-10 r0 1", "a 0-10 r1 2", "b 0-10 r0 1", "a 0-10 r2 3"], harness.Results.Texts());
        Assert.Equal([9], harness.Late.Select(v => v.Value));
    }

    [Fact]
    public void A_sliding_window_counts_a_record_in_each_window_that_covers_it() =>
        Assert.Equal(
            ["a -20-10 r0 1", "a -10-20 r0 2", "a 0-30 r0 2", "a 10-40 r0 1"],
            new JobHarness<Visit>(Visits.Keyed().Window(Sliding.Of(30.Milliseconds(), every: 10.Milliseconds())).Aggregate(a => new { c = a.Count() }))
                .Given(new Visit("a", 5, 0), new Visit("a", 15, 0)).Drain().Results.Texts());

    [Fact]
    public void Sessions_that_touch_are_one_and_end_the_gap_after_the_last_record() =>
        Assert.Equal(
            ["a 0-20 r0 2", "a 21-31 r0 1"],
            new JobHarness<Visit>(Visits.Keyed().Window(Session.WithGap(10.Milliseconds())).Aggregate(a => new { c = a.Count() }))
                .Given(new Visit("a", 0, 0), new Visit("a", 10, 0), new Visit("a", 21, 0)).Drain().Results.Texts());

    [Fact]
    public void A_record_that_joins_two_sessions_leaves_one_and_takes_back_what_was_said_of_a_closed_one()
    {
        var job = Visits.Keyed().Window(Session.WithGap(10.Milliseconds()), allowedLateness: 100.Milliseconds()).Aggregate(a => new { c = a.Count() });
        var harness = new JobHarness<Visit>(job).Given(new Visit("a", 0, 0), new Visit("a", 18, 0), new Visit("b", 40, 0), new Visit("a", 9, 0)).Drain();
        Assert.Equal(["a 0-28 r1 3", "b 40-50 r0 1"], harness.Final.Select(r => r.Text()).Select(t => t));
        Assert.Contains("a 18-28 r1 gone", harness.Results.Texts());
    }

    [Fact]
    public void A_record_that_alone_is_late_joins_a_session_that_began_before_it_and_moves_no_sessions_start()
    {
        var job = Visits.Keyed().Window(Session.WithGap(10.Milliseconds())).Aggregate(a => new { c = a.Count() });
        var harness = new JobHarness<Visit>(job).Given(new Visit("a", 0, 0), new Visit("b", 19, 0), new Visit("a", 10, 1), new Visit("a", 0, 2));
        Assert.Equal([2], harness.Late.Select(v => v.Value));
        Assert.Equal(["a 0-10 r0 1"], harness.Results.Texts());

        harness.Given(new Visit("a", 19, 3), new Visit("b", 28, 4), new Visit("a", 12, 5)).Drain();
        Assert.Equal([2], harness.Late.Select(v => v.Value));
        Assert.Equal(["a 0-10 r0 1", "a 10-29 r0 3", "b 19-38 r0 2"], harness.Final.Select(r => r.Text()));
    }

    [Fact]
    public void A_closed_session_that_goes_on_is_taken_back_until_it_closes_again()
    {
        var job = Visits.Keyed().Window(Session.WithGap(20.Milliseconds()), allowedLateness: 30.Milliseconds()).Aggregate(a => new { c = a.Count() });
        var harness = new JobHarness<Visit>(job).Given(new Visit("a", 0, 0), new Visit("b", 25, 0), new Visit("a", 15, 0));
        Assert.Equal(["a 0-20 r0 1", "a 0-20 r1 gone"], harness.Results.Texts());
        Assert.Equal(["a 0-35 r0 2", "b 25-45 r0 1"], harness.Open.Texts());

        harness.Restart().Given(new Visit("a", 30, 0), new Visit("a", 45, 0), new Visit("a", 60, 0)).Restart(); // 20 and the lateness are over
        Assert.Equal(["a 0-35 r2 gone", "b 25-45 r0 1"], harness.Results.Skip(2).Texts()); // what is kept does not say that it is taken back already
        harness.Given(new Visit("b", 80, 0), new Visit("a", 79, 0)).Drain();
        Assert.Equal(["a 0-80 r3 5", "a 0-80 r4 gone", "a 0-99 r5 6", "b 80-100 r0 1"], harness.Results.Skip(4).Texts());
    }

    [Fact]
    public void A_session_that_goes_on_and_is_joined_to_an_earlier_one_is_taken_back_once()
    {
        var job = Visits.Keyed().Window(Session.WithGap(10.Milliseconds()), allowedLateness: 100.Milliseconds()).Aggregate(a => new { c = a.Count() });
        var harness = new JobHarness<Visit>(job).Given(new Visit("a", 20, 0), new Visit("b", 35, 0), new Visit("a", 28, 0), new Visit("a", 12, 0), new Visit("a", 2, 0)).Drain();
        Assert.Equal(["a 20-30 r0 1", "a 20-30 r1 gone", "a 2-38 r0 4", "b 35-45 r0 1"], harness.Results.Texts());
    }

    [Fact]
    public void What_is_kept_in_memory_grows_with_sessions_and_not_with_their_records()
    {
        var results = new List<string>();
        var windows = new Engine.SessionWindows<Visit, long>(
            gap: 20, lateness: 30, Columns.Aggregation<Visit, long>.Of("visits", a => a.Count()), compute => results.Add($"{compute().StartMs}-{compute().EndMs} {compute().Value}"));
        for (var at = 0; at < 1_000_000; at++)
            Assert.True(windows.Add("a", at, new Visit("a", at, 0), watermark: 0));
        Assert.Equal((1, 1), (windows.Keys, windows.Queued));

        windows.Advance(1_000_000);
        Assert.Equal((0, 1), (results.Count, windows.Queued));
        windows.Advance(1_000_019);
        Assert.Equal(["0-1000019 1000000"], results);
        windows.Advance(1_000_049);
        Assert.Equal((0, 0), (windows.Keys, windows.Queued));
    }

    [Theory, InlineData(-62_135_596_800_000), InlineData(-62_135_596_800_000 + 34), InlineData(253_402_300_799_999), InlineData(253_402_300_799_999 - 29)]
    public void A_timestamp_whose_windows_or_watermark_would_be_no_time_is_set_aside_and_moves_nothing(long at)
    {
        var job = Visits.Keyed(delay: 5).Window(Sliding.Of(30.Milliseconds(), every: 10.Milliseconds())).Aggregate(a => new { c = a.Count() });
        var harness = new JobHarness<Visit>(job).Given(new Visit("a", at, 7), new Visit("a", 0, 0)).Drain();
        Assert.Equal([7], harness.Late.Select(v => v.Value));
        Assert.Equal(["a -20-10 r0 1", "a -10-20 r0 1", "a 0-30 r0 1"], harness.Results.Texts());
    }

    [Theory, InlineData(-62_135_596_800_000 + 35), InlineData(253_402_300_799_999 - 30)]
    public void A_timestamp_near_the_ends_of_time_counts(long at)
    {
        var job = Visits.Keyed(delay: 5).Window(Sliding.Of(30.Milliseconds(), every: 10.Milliseconds())).Aggregate(a => new { c = a.Count() });
        var harness = new JobHarness<Visit>(job).Given(new Visit("a", at, 0)).Drain();
        Assert.Empty(harness.Late);
        Assert.Equal(3, harness.Results.Count);
    }

    [Fact]
    public void A_counting_window_is_full_after_so_many_records_and_one_that_is_not_full_has_no_result() =>
        Assert.Equal(
            ["a 5-8 r0 2"],
            new JobHarness<Visit>(Visits.Keyed().Window(Counting.Of(2)).Aggregate(a => new { c = a.Count() }))
                .Given(new Visit("a", 7, 0), new Visit("a", 5, 0), new Visit("a", 9, 0)).Drain().Results.Texts());

    [Fact]
    public void Counting_windows_of_one_moment_or_out_of_order_have_a_result_each()
    {
        var job = Visits.Keyed().Window(Counting.Of(2)).Aggregate(a => new { c = a.Sum(v => v.Value) });
        var harness = new JobHarness<Visit>(job).Given(new Visit("a", 7, 1), new Visit("a", 7, 2), new Visit("b", 3, 9), new Visit("b", 4, 9))
            .Restart().Given(new Visit("a", 7, 3)).Restart().Given(new Visit("a", 7, 4), new Visit("a", 5, 5), new Visit("a", 30, 6));
        Assert.Equal(["a 7-8 r0 3", "a 8-9 r0 7", "a 9-31 r0 11", "b 3-5 r0 18"], harness.Results.Texts().Order(StringComparer.Ordinal));
        Assert.Empty(harness.Open);
    }

    [Fact]
    public void What_does_not_add_up_for_one_key_has_no_result_and_other_keys_have_theirs()
    {
        const long Most = long.MaxValue;
        var job = Visits.Keyed().Window(Sliding.Of(20.Milliseconds(), every: 10.Milliseconds()), allowedLateness: 50.Milliseconds())
            .Aggregate(a => new { c = a.Sum(v => v.Value == 1 ? Most : v.Value) });
        var harness = new JobHarness<Visit>(job).Given(new Visit("a", 5, 1), new Visit("b", 6, 2), new Visit("a", 15, 1), new Visit("b", 16, 3));
        Assert.Equal(["b 0-20 r0 5"], harness.Open.Where(r => r.Start == DateTimeOffset.UnixEpoch).Texts());

        harness.Given(new Visit("b", 40, 0), new Visit("a", 16, 7)).Drain();
        Assert.Equal([$"a -10-10 r0 {Most}", $"a 10-30 r0 {Most}", "b -10-10 r0 2", "b 0-20 r0 5", "b 10-30 r0 3"], harness.Results.Where(r => r.End.ToUnixTimeMilliseconds() <= 30).Texts().Order(StringComparer.Ordinal));
        Assert.Equal(["OverflowException"], harness.Failures.Select(f => f.GetType().Name).Distinct());
        Assert.Equal([7], harness.Given().Faults.Select(_ => 7)); // what overflows a slice itself is the record's fault
    }

    [Fact]
    public void A_record_that_would_join_sessions_that_do_not_add_up_leaves_them_as_they_are()
    {
        var job = Visits.Keyed().Window(Session.WithGap(10.Milliseconds())).Aggregate(a => new { c = a.Sum(v => v.Value == 1 ? long.MaxValue : v.Value) });
        var harness = new JobHarness<Visit>(job).Given(new Visit("a", 0, 1), new Visit("a", 18, 1), new Visit("a", 9, 2), new Visit("a", 40, 3)).Drain();
        Assert.Single(harness.Faults);
        Assert.Equal([$"a 0-10 r0 {long.MaxValue}", $"a 18-28 r0 {long.MaxValue}", "a 40-50 r0 3"], harness.Results.Texts());
    }

    [Fact]
    public void Tuples_and_numbers_that_JSON_has_none_for_outlive_a_restart()
    {
        var job = Visits.Keyed().Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new
        {
            c = a.CountDistinct(v => ValueTuple.Create(v.Value)),
            most = a.Max(v => v.Value == 0 ? float.PositiveInfinity : (float?)v.Value) == float.PositiveInfinity,
            mean = a.Of(new Mean()),
        });
        var harness = new JobHarness<Visit>(job).Given(new Visit("a", 1, 0), new Visit("a", 2, 2)).Restart().Given(new Visit("a", 3, 4)).Drain();
        Assert.Equal("""{"c":3,"most":true,"mean":2}""", Assert.Single(harness.Results).Value.GetRawText());
    }

    private sealed class Mean : IAggregator<Visit, (decimal Sum, long Count), decimal>
    {
        public (decimal Sum, long Count) Initial => (0, 0);

        public (decimal Sum, long Count) Add((decimal Sum, long Count) state, Visit record) => (state.Sum + record.Value, state.Count + 1);

        public (decimal Sum, long Count) Merge((decimal Sum, long Count) state, (decimal Sum, long Count) other) => (state.Sum + other.Sum, state.Count + other.Count);

        public decimal Result((decimal Sum, long Count) state) => state.Sum / state.Count;
    }

    [Fact]
    public void A_record_that_makes_the_jobs_code_throw_is_not_counted_by_half()
    {
        var job = Visits.Keyed().Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count(), most = a.Max(v => 100 / v.Value) });
        var harness = new JobHarness<Visit>(job).Given(new Visit("a", 1, 5), new Visit("a", 2, 0), new Visit("new", 3, 0), new Visit("a", 4, 4)).Drain();
        Assert.Equal(2, harness.Faults.Count);
        Assert.Equal(["a 0-10 r0 2"], harness.Results.Texts());
    }

    [Fact]
    public void A_result_that_cannot_be_computed_is_told_and_neither_its_records_nor_other_results_are_taken_again()
    {
        var job = Visits.Keyed().Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count(), ratio = 6 / (a.Count() - 1) });
        var harness = new JobHarness<Visit>(job).Given(new Visit("once", 1, 0), new Visit("a", 2, 0), new Visit("a", 3, 0), new Visit("a", 12, 0)).Drain();
        Assert.Equal(["a 0-10 r0 2"], harness.Results.Texts());
        Assert.Equal(2, harness.Failures.Count);
        Assert.All(harness.Failures, f => Assert.IsType<DivideByZeroException>(f));
        Assert.Empty(harness.Faults);
    }

    [Fact]
    public void A_result_that_the_database_could_not_store_is_told_and_holds_nothing_up() =>
        Assert.Equal(["a 0-10 r0 1"], new JobHarness<Visit>(Tens).Given(new Visit("a\0b", 1, 0), new Visit("a", 2, 0)).Drain().Results.Texts());

    [Fact]
    public void A_result_whose_key_is_longer_than_the_database_indexes_is_told_and_holds_nothing_up()
    {
        var harness = new JobHarness<Visit>(Tens).Given(new Visit(new('\u00e4', 1001), 1, 0), new Visit("a", 2, 0)).Drain();
        Assert.Equal(["a 0-10 r0 1"], harness.Results.Texts());
        Assert.Contains("2002 bytes", Assert.Single(harness.Failures).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_harness_shows_the_results_that_a_job_would_send_to_topics_alone()
    {
        var job = Visits.Keyed().Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count() }).ToTopic("counts", r => new object()).OnlyToTopics();
        Assert.Equal(["a 0-10 r0 1"], new JobHarness<Visit>(job).Given(new Visit("a", 1, 0)).Drain().Results.Texts());
    }

    [Fact]
    public void A_timestamp_far_ahead_of_its_Kafka_timestamp_is_set_aside_and_closes_nothing()
    {
        var harness = new JobHarness<Visit>(Tens).At(DateTimeOffset.UnixEpoch)
            .Given(new Visit("a", 1, 0), new Visit("a", (long)TimeSpan.FromDays(2).TotalMilliseconds, 7), new Visit("a", 2, 0)).Drain();
        Assert.Equal([7], harness.Late.Select(v => v.Value));
        Assert.Equal(["a 0-10 r0 2"], harness.Results.Texts());
    }

    [Fact]
    public void Open_windows_can_be_read_as_far_as_they_have_come()
    {
        var harness = new JobHarness<Visit>(Tens).Given(new Visit("a", 1, 0), new Visit("a", 2, 0), new Visit("a", 11, 0));
        Assert.Equal(["a 0-10 r0 2", "a 10-20 r0 1"], harness.Open.Texts());
    }

    [Fact]
    public void Thirty_days_pass_in_seconds()
    {
        var job = Visits.Keyed().Window(Tumbling.Of(1.Hours())).Aggregate(a => new { c = a.Count() });
        var harness = new JobHarness<Visit>(job).Given(Enumerable.Range(0, 30 * 24 * 60).Select(m => new Visit("a", m * 60_000L, 0))).Drain();
        Assert.Equal(30 * 24, harness.Results.Count);
        Assert.All(harness.Results, r => Assert.Equal(60, r.Value.GetProperty("c").GetInt64()));
    }
}
