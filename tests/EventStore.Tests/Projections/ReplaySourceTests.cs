using System.Globalization;
using System.Runtime.CompilerServices;
using EventStore.Appending;
using EventStore.Projections;
using Microsoft.Extensions.DependencyInjection;

namespace EventStore.Tests.Projections;

/// <summary>Another source than the store: events that the store never saw, in pages of two.</summary>
public sealed class ReplaySourceTests(PostgresServer postgres)
{
    private sealed class Tape : IReplaySource
    {
        private const int Length = 21;
        private readonly SemaphoreSlim _pages = new(0);

        public List<string?> Starts { get; } = [];

        public string Name => "tape";

        public bool KeepsOrder => false;

        public void Release(int pages) => _pages.Release(pages);

        public ValueTask<long> CountAsync(ReplayRequest request, CancellationToken cancellationToken) => ValueTask.FromResult((long)Length);

        public async IAsyncEnumerable<EventPage> ReadAsync(ReplayRequest request, string? position, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            Assert.Equal("yesterday", request.Arguments["from"]);
            lock (Starts)
                Starts.Add(position);
            for (var at = position is null ? 0 : int.Parse(position[1..], CultureInfo.InvariantCulture); at < Length; at += 2)
            {
                await _pages.WaitAsync(cancellationToken);
                var end = Math.Min(at + 2, Length);
                var events = Enumerable.Range(at, end - at).Select(i => new StoredEvent(
                    i + 1, Guid.NewGuid(), $"number/{i % 3}", (i / 3) + 1, "counted", $$"""{"value": {{i}}}""", DateTimeOffset.UnixEpoch, null));
                yield return new EventPage([.. events], $"p{end}", end, AtEnd: end == Length);
            }
        }
    }

    [Fact]
    public async Task A_replay_from_it_goes_on_after_a_crash_behind_the_last_stored_page_and_ends()
    {
        var tape = new Tape();
        await using var world = await WorldAsync(tape);
        var replay = await world.Replays.StartAsync(Request("per-stream"), "ada");
        await world.RunAsync("tape-totals");
        tape.Release(3);
        await ProjectionWorld.UntilAsync("three pages", async () => (await world.Replays.GetAsync(replay.Id))!.Done == 6);

        await world.EndAsync("tape-totals");
        tape.Release(100);
        await world.RunAsync("tape-totals");
        await ProjectionWorld.UntilAsync("the replay to complete", async () => (await world.Replays.GetAsync(replay.Id))!.State == ReplayState.Completed);

        Assert.Equal([null, "p6"], tape.Starts);
        Assert.Equal("""[["0", {"sum": 63, "count": 7}, 19], ["1", {"sum": 70, "count": 7}, 20], ["2", {"sum": 77, "count": 7}, 21]]""",
            await world.DumpAsync("tape-totals"));
        var done = (await world.Replays.GetAsync(replay.Id))!;
        Assert.Equal((21L, 21L), (done.Done, done.Total));
        Assert.Equal(ProjectionState.Complete, (await world.Projections.GetAsync("tape-totals"))!.State);
    }

    [Fact]
    public async Task A_projection_that_depends_on_order_refuses_it()
    {
        await using var world = await WorldAsync(new Tape());
        var refused = await Assert.ThrowsAsync<ProjectionException>(async () => await world.Replays.StartAsync(Request("totals"), "ada"));
        Assert.Equal(ProjectionRefusal.Invalid, refused.Reason);
        Assert.Contains("depends on the order of events across streams", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_may_not_take_the_place_of_what_live_events_made()
    {
        await using var world = await WorldAsync(new Tape());
        var refused = await Assert.ThrowsAsync<ProjectionException>(
            async () => await world.Replays.StartAsync(Request("per-stream") with { Target = null }, "ada"));
        Assert.Contains("target of its own", refused.Message, StringComparison.Ordinal);
    }

    private static ReplayRequest Request(string projection) => new(projection)
    {
        Source = "tape",
        Target = "tape-totals",
        Arguments = new Dictionary<string, string> { ["from"] = "yesterday" },
    };

    private Task<ProjectionWorld> WorldAsync(Tape tape) => ProjectionWorld.FreshAsync(
        postgres, s => s.AddProjection<Totals>().AddProjection<PerStream>().AddSingleton<IReplaySource>(tape));
}
