using CsCheck;
using StreamJobs.Testing;

namespace StreamJobs.Tests;

/// <summary>Process functions: state by key, timers, and forgetting.</summary>
public sealed class ProcessTests
{
    [Fact]
    public void Each_key_has_its_own_state_and_a_result_stands_under_the_time_of_its_record()
    {
        var harness = Harness((v, c) => { c.State = new((c.State?.Sum ?? 0) + v.Value); c.Emit(new(c.State.Sum)); })
            .Given(new Visit("a", 5, 1), new Visit("b", 6, 10), new Visit("a", 9, 2));
        Assert.Equal(["a 5-5 r0 1", "b 6-6 r0 10", "a 9-9 r0 3"], harness.Results.Texts());
    }

    [Fact]
    public void Results_of_a_key_at_one_time_stand_a_millisecond_apart() =>
        Assert.Equal(
            ["a 5-5 r0 1", "a 6-6 r0 1", "a 7-7 r0 2", "a 8-8 r0 2"],
            Harness((v, c) => { c.Emit(new(v.Value)); c.Emit(new(v.Value)); }).Given(new Visit("a", 5, 1), new Visit("a", 5, 2)).Results.Texts());

    [Fact]
    public void A_timer_fires_once_when_the_watermark_has_passed_it_and_may_be_taken_back()
    {
        var harness = Harness(
            (v, c) =>
            {
                c.State = new(v.Value);
                c.SetTimer(c.Time.AddMilliseconds(10));
                c.SetTimer(c.Time.AddMilliseconds(10));
                if (v.Value == 2)
                    c.DeleteTimer(c.Time.AddMilliseconds(5));
            },
            c => c.Emit(new(c.State!.Sum)));
        Assert.Empty(harness.Given(new Visit("a", 0, 1), new Visit("b", 9, 1)).Results);
        Assert.Equal(["a 10-10 r0 1"], harness.Given(new Visit("b", 10, 3)).Results.Texts());
        harness.Given(new Visit("a", 15, 1), new Visit("a", 20, 2)).Drain();
        Assert.Equal(["a 10-10 r0 1", "b 19-19 r0 3", "b 20-20 r0 3", "a 30-30 r0 2"], harness.Results.Texts());
    }

    [Fact]
    public void A_timer_by_the_clock_fires_by_the_clock_alone()
    {
        var set = DateTimeOffset.UnixEpoch.AddHours(1);
        var harness = Harness((v, c) => c.SetClockTimer(set), c => c.Emit(new(c.IsClockTimer && c.Now == set.AddSeconds(1) ? 1 : 0))).Given(new Visit("a", 0, 1), new Visit("a", 500, 1));
        Assert.Empty(harness.Clock(set.AddSeconds(-1)).Results);
        Assert.Equal([$"a {set.ToUnixTimeMilliseconds()}-{set.ToUnixTimeMilliseconds()} r0 1"], harness.Restart().Clock(set.AddSeconds(1)).Clock(set.AddSeconds(2)).Results.Texts());
    }

    [Fact]
    public void A_call_that_throws_changes_nothing()
    {
        var harness = Harness(
            (v, c) =>
            {
                c.State = new((c.State?.Sum ?? 0) + v.Value);
                c.Emit(new(c.State.Sum));
                c.SetTimer(c.Time.AddMilliseconds(10));
                if (v.Value == 13)
                    throw new InvalidOperationException("thirteen");
            },
            c =>
            {
                c.State = null;
                if (c.Key == "a")
                    throw new InvalidOperationException("timer");
            });
        harness.Given(new Visit("a", 0, 1), new Visit("a", 1, 13), new Visit("new", 1, 13), new Visit("a", 2, 1));
        Assert.Equal(["a 0-0 r0 1", "a 2-2 r0 2"], harness.Results.Texts());
        Assert.Equal(2, harness.Faults.Count);

        harness.Given(new Visit("b", 11, 5), new Visit("a", 11, 1), new Visit("b", 30, 5));
        Assert.Equal(["thirteen", "thirteen"], harness.Faults.Select(f => f.Message));
        Assert.Equal(["timer", "timer", "timer"], harness.Failures.Select(f => f.Message)); // at 10, 12 and 21
        Assert.Equal(["b 11-11 r0 5", "a 11-11 r0 3", "b 30-30 r0 10"], harness.Results.Texts().Skip(2));
    }

    [Fact]
    public void A_key_is_forgotten_when_nothing_has_come_for_as_long_as_states_are_kept_and_what_comes_later_is_late()
    {
        var harness = Harness((v, c) => { c.State = new((c.State?.Sum ?? 0) + 1); c.Emit(new(c.State.Sum)); }, keep: 10)
            .Given(new Visit("a", 0, 0), new Visit("a", 9, 0), new Visit("b", 18, 0), new Visit("a", 18, 0), new Visit("c", 28, 0), new Visit("a", 28, 0), new Visit("a", 18, 7));
        Assert.Equal(["a 0-0 r0 1", "a 9-9 r0 2", "b 18-18 r0 1", "a 18-18 r0 3", "c 28-28 r0 1", "a 28-28 r0 1"], harness.Results.Texts());
        Assert.Equal([7], harness.Late.Select(v => v.Value));
    }

    [Fact]
    public void A_key_is_kept_as_long_as_its_next_result_could_stand_where_one_of_its_results_stands() =>
        Assert.Equal(
            ["a 100-100 r0 1", "a 101-101 r0 1", "b 150-150 r0 2", "a 102-102 r0 3"],
            Harness((v, c) => { c.Emit(new(v.Value)); if (v.Value == 1) c.Emit(new(v.Value)); }, keep: 50)
                .Given(new Visit("a", 100, 1), new Visit("b", 150, 2)).Restart().Given(new Visit("a", 101, 3)).Results.Texts());

    [Fact]
    public void A_timer_in_the_past_writes_over_no_result_that_was_forgotten() =>
        Assert.Equal(
            ["a 100-100 r0 1", "a 101-101 r0 2"],
            Harness((v, c) => { if (v.Value == 1) c.Emit(new(1)); if (v.Value == 2) c.SetTimer(c.Time.AddMilliseconds(-20)); }, c => c.Emit(new(2)), keep: 50)
                .Given(new Visit("a", 100, 1), new Visit("b", 150, 0)).Restart().Given(new Visit("a", 120, 2), new Visit("b", 151, 0)).Results.Texts());

    [Theory, InlineData(false), InlineData(true)]
    public void A_key_whose_timer_by_the_clock_was_taken_back_is_forgotten_in_its_time(bool byTimer)
    {
        var far = DateTimeOffset.UnixEpoch.AddDays(1000);
        var calls = new Calls(
            (v, c) =>
            {
                c.State = new(1);
                if (v.Value == 1)
                    c.SetClockTimer(far);
                else if (byTimer)
                    c.SetTimer(c.Time.AddMilliseconds(3000));
                else
                    c.DeleteClockTimer(far);
            },
            c => c.DeleteClockTimer(far));
        var keys = new Engine.KeyedProcess<Visit, State, Result>(calls, keep: 1000, _ => { });
        keys.Add("a", 0, new Visit("a", 0, 1), 0);
        keys.Advance(4000);
        Assert.Equal(1, keys.Keys);
        keys.Add("a", 5000, new Visit("a", 5000, 2), 4000);
        keys.Advance(5999);
        Assert.Equal(1, keys.Keys);
        keys.Advance(8000);
        Assert.Equal(0, keys.Keys);
    }

    [Fact]
    public void What_the_clock_gave_keeps_no_key_until_event_time_has_come_there()
    {
        var clock = DateTimeOffset.UnixEpoch.AddDays(1000); // old records are read
        var keys = new Engine.KeyedProcess<Visit, State, Result>(new Calls((v, c) => { c.State = new(1); c.SetClockTimer(clock); }, c => c.Emit(new(1))), keep: 1000, _ => { });
        keys.Add("a", 0, new Visit("a", 0, 1), 0);
        keys.Tick(clock);
        keys.Advance(999);
        Assert.Equal(1, keys.Keys);
        keys.Advance(1000);
        Assert.Equal(0, keys.Keys);
    }

    [Fact]
    public void A_timer_keeps_its_key_until_it_has_fired() =>
        Assert.Equal(
            ["a 50-50 r0 7"],
            Harness((v, c) => { c.State ??= new(v.Value); if (c.Key == "a") c.SetTimer(DateTimeOffset.FromUnixTimeMilliseconds(50)); }, c => c.Emit(new(c.State!.Sum)), keep: 10)
                .Given(new Visit("a", 0, 7), new Visit("b", 20, 1), new Visit("b", 40, 1)).Restart().Given(new Visit("b", 50, 1)).Results.Texts());

    [Fact]
    public void A_timer_that_sets_itself_again_ends_with_the_input() =>
        Assert.Equal(
            ["a 10-10 r0 1", "a 20-20 r0 1"],
            Harness((v, c) => { if (c.State is null) c.SetTimer(c.Time.AddMilliseconds(10)); c.State = new(1); }, c => { c.Emit(new(1)); c.SetTimer(c.Time.AddMilliseconds(c.Time.Millisecond == 10 ? 10 : 0)); })
                .Given(new Visit("a", 0, 0), new Visit("a", 19, 0)).Drain().Results.Texts());

    [Fact]
    public void A_state_that_cannot_be_kept_is_the_records_fault_and_changes_nothing()
    {
        var harness = new JobHarness<Visit>(Visits.Keyed().Process(new Ratios(), 1000.Milliseconds()))
            .Given(new Visit("a", 0, 2), new Visit("a", 1, 0), new Visit("a", 2, 4)).Restart().Given(new Visit("a", 3, 5)).Drain();
        Assert.Equal(["a 0-0 r0 1", "a 2-2 r0 2", "a 3-3 r0 3"], harness.Results.Texts());
        Assert.Single(harness.Faults);
    }

    [Fact]
    public void A_timer_of_one_kind_may_be_set_by_one_of_the_other_to_a_time_before_it()
    {
        var harness = Harness(
            (v, c) => c.SetClockTimer(DateTimeOffset.FromUnixTimeMilliseconds(1_000_000)),
            c =>
            {
                if (c.IsClockTimer)
                    c.SetTimer(DateTimeOffset.FromUnixTimeMilliseconds(50));
                else
                    c.Emit(new(1));
            }).Given(new Visit("a", 0, 0)).Clock(DateTimeOffset.FromUnixTimeMilliseconds(1_000_000)).Given(new Visit("b", 60, 0));
        Assert.Equal(["a 50-50 r0 1"], harness.Results.Texts());
    }

    [Fact]
    public void Timers_that_are_moved_again_and_again_fire_once()
    {
        var harness = Harness(
            (v, c) =>
            {
                if (c.State is { } former)
                    c.DeleteTimer(DateTimeOffset.FromUnixTimeMilliseconds(former.Sum));
                c.State = new((int)c.Time.ToUnixTimeMilliseconds() + 100_000);
                c.SetTimer(c.Time.AddMilliseconds(100_000));
            },
            c => c.Emit(new(1)),
            keep: 200_000).Given(Enumerable.Range(0, 20_000).Select(i => new Visit("a", i, 0))).Drain();
        Assert.Equal(["a 119999-119999 r0 1"], harness.Results.Texts());
    }

    [Fact]
    public void Memory_holds_the_keys_and_timers_that_are_alive_and_no_more()
    {
        var results = new List<string>();
        var calls = new Calls(
            (v, c) =>
            {
                if (c.State is { } former)
                    c.DeleteTimer(DateTimeOffset.FromUnixTimeMilliseconds(former.Sum));
                for (var i = 1; v.Who == "b" && i < 50; i++)
                {
                    c.SetTimer(c.Time.AddMilliseconds(100 + i));
                    c.DeleteTimer(c.Time.AddMilliseconds(100 + i));
                }

                c.State = new((int)c.Time.ToUnixTimeMilliseconds() + 100);
                c.SetTimer(c.Time.AddMilliseconds(100));
            },
            c => c.Emit(new(1)));
        var keys = new Engine.KeyedProcess<Visit, State, Result>(calls, keep: 1000, compute => results.Add($"{compute().Key} {compute().StartMs}"));
        for (var i = 0; i < 50_000 || keys.Queued < 4090; i++)
            keys.Add("a", 5000, new Visit("a", 5000, 0), 0); // its timer is moved, again and again
        Assert.InRange(keys.Queued, 4090, 5000);
        keys.Add("b", 5000, new Visit("b", 5000, 0), 0); // makes the queue be swept while it is new itself
        Assert.InRange(keys.Queued, 1, 100);
        keys.Advance(5100);
        Assert.Equal(["a 5100", "b 5100"], results.Order());
        keys.Advance(10_000);
        Assert.Equal((0, 0), (keys.Keys, keys.Queued));
    }

    [Fact]
    public void Results_are_the_same_however_often_the_job_is_restarted() =>
        Gen.Select(Gen.Select(Gen.Char['a', 'c'], Gen.Int[0, 200], Gen.Int[0, 20]).Array[0, 60], Gen.Int[0, 20], Gen.Int[1, 60], Gen.Int[1, 10]).Sample((log, delay, keep, chunk) =>
        {
            var visits = log.Select(v => new Visit(v.Item1.ToString(), v.Item2, v.Item3)).ToArray();
            var (whole, restarted) = (new JobHarness<Visit>(Sums(delay, keep)).Given(visits).Drain(), new JobHarness<Visit>(Sums(delay, keep)));
            foreach (var part in visits.Chunk(chunk))
                restarted.Given(part).Restart();
            restarted.Drain();
            Assert.Equal(whole.Results.Texts().Order(StringComparer.Ordinal), restarted.Results.Texts().Order(StringComparer.Ordinal));
            Assert.Equal(whole.Late, restarted.Late);
            Assert.Distinct(whole.Results.Select(r => (r.Key, r.Start)));
        });

    private static Job Sums(int delay, int keep) => Visits.Keyed(delay).Process(
        new Calls(
            (v, c) =>
            {
                c.State = new((c.State?.Sum ?? 0) + v.Value);
                c.SetTimer(c.Time.AddMilliseconds(v.Value));
                if (v.Value % 7 == 0)
                    c.DeleteTimer(c.Time.AddMilliseconds(1));
                if (v.Value % 5 == 0)
                    c.Emit(new(c.State.Sum));
            },
            c => c.Emit(new(c.State?.Sum ?? -1))),
        keep.Milliseconds());

    private static JobHarness<Visit> Harness(
        Action<Visit, ProcessContext<State, Result>> onRecord, Action<ProcessContext<State, Result>>? onTimer = null, int keep = 1000) =>
        new(Visits.Keyed().Process(new Calls(onRecord, onTimer ?? (_ => { })), keep.Milliseconds()));

    internal sealed record State(int Sum);

    internal sealed record Result(int c);

    internal sealed record Ratio(double Value, int Count)
    {
        public double Checked => double.IsFinite(Value) ? Value : throw new InvalidOperationException("infinite");
    }

    private sealed class Ratios : Process<Visit, Ratio, Result>
    {
        public override void OnRecord(Visit record, ProcessContext<Ratio, Result> context)
        {
            context.State = new(1.0 / record.Value, (context.State?.Count ?? 0) + 1); // for 0 it cannot be written
            context.Emit(new(context.State.Count));
        }
    }

    private sealed class Calls(Action<Visit, ProcessContext<State, Result>> onRecord, Action<ProcessContext<State, Result>> onTimer) : Process<Visit, State, Result>
    {
        public override void OnRecord(Visit record, ProcessContext<State, Result> context) => onRecord(record, context);

        public override void OnTimer(ProcessContext<State, Result> context) => onTimer(context);
    }
}
