using EventStore.Operations;
using EventStore.Projections;
using static EventStore.Tests.Appends;

namespace EventStore.Tests.Projections;

public sealed class FailureTests(PostgresServer postgres) : IAsyncLifetime
{
    private ProjectionWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await ProjectionWorld.FreshAsync(
        postgres, s => s.AddProjection<Fragile>().AddProjection<Forgiving>().AddProjection<PerStream>());

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task A_projection_that_throws_stops_before_the_event_says_which_and_the_others_go_on()
    {
        await _world.AppendAsync("number/a", Counted(1), Counted(2));
        await _world.AppendAsync("number/b", Counted(-3));
        await _world.AppendAsync("number/c", Counted(4));
        await _world.RunAsync("fragile");
        await _world.CaughtUpAsync("per-stream");
        var status = await _world.StateAsync("fragile", ProjectionState.Failed);

        Assert.Equal((2L, 2L), (status.Sequence, status.Lag));
        Assert.Equal((3L, "number/b", "counted", "-3 is negative"), (status.Error!.Sequence, status.Error.StreamKey, status.Error.EventType, status.Error.Message));
        Assert.Contains(nameof(InvalidOperationException), status.Error.Exception, StringComparison.Ordinal);
        Assert.Equal("""{"sum": 3, "count": 2}""", (await _world.Reader.GetAsync("fragile", "all"))!.Json);
        var problem = Assert.Single(await _world.Projections.ProblemsAsync(), p => p.StartsWith("Projection 'fragile'", StringComparison.Ordinal));
        Assert.Contains("failed on event 3 ('counted' of stream 'number/b'): -3 is negative", problem, StringComparison.Ordinal);

        await _world.RunAsync("fragile"); // the keep-alive must not start it again
        Assert.Equal(ProjectionState.Failed, (await _world.Projections.GetAsync("fragile"))!.State);
    }

    [Fact]
    public async Task It_goes_on_where_it_stopped_once_it_is_fixed_and_resumed()
    {
        await _world.AppendAsync("number/a", Counted(1), Counted(-3), Counted(4));
        await _world.RunAsync("fragile");
        await _world.StateAsync("fragile", ProjectionState.Failed);

        Fragile.AllowNegative.Value = true;
        await _world.Projections.ResumeAsync("fragile", "ada");
        await _world.CaughtUpAsync("fragile");

        Assert.Equal("""{"sum": 2, "count": 3}""", (await _world.Reader.GetAsync("fragile", "all"))!.Json);
        var act = Assert.Single(await _world.Store.Get<IOperatorLog>().ListAsync(null, 10));
        Assert.Equal(("ada", "resume", "projection fragile"), (act.Operator, act.Action, act.Subject));
        Assert.Contains("event 2", act.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operator_can_pass_over_the_event_and_that_stays_visible()
    {
        await _world.AppendAsync("number/a", Counted(1), Counted(-3), Counted(4));
        await _world.RunAsync("fragile");
        await _world.StateAsync("fragile", ProjectionState.Failed);

        await _world.Projections.ResumeAsync("fragile", "ada", skipFailedEvent: true);
        await _world.CaughtUpAsync("fragile");

        Assert.Equal("""{"sum": 5, "count": 2}""", (await _world.Reader.GetAsync("fragile", "all"))!.Json);
        Assert.Equal(1, (await _world.Projections.GetAsync("fragile"))!.Skipped);
        Assert.Equal("2 number/a counted", await _world.Store.ScalarAsync<string>("select concat_ws(' ', sequence, stream_key, event_type) from projection_skips"));
        Assert.Equal("skip", Assert.Single(await _world.Store.Get<IOperatorLog>().ListAsync(null, 10)).Action);
    }

    [Fact]
    public async Task A_document_that_cannot_be_stored_is_the_failure_of_the_event_that_made_it()
    {
        await _world.AppendAsync("number/a", Counted(1), Counted(2), Counted(3, "nul"), Counted(4));
        await _world.RunAsync("fragile");
        var status = await _world.StateAsync("fragile", ProjectionState.Failed);

        Assert.Equal(3, status.Error!.Sequence);
        Assert.Contains("NUL", status.Error.Message, StringComparison.Ordinal);
        Assert.Equal("""{"sum": 3, "count": 2}""", (await _world.Reader.GetAsync("fragile", "all"))!.Json);
    }

    [Fact]
    public async Task A_projection_that_may_skip_records_every_event_it_skipped()
    {
        await _world.AppendAsync("number/a", Counted(-1), Counted(2), Counted(-3), Counted(4), Counted(-5));
        await _world.CaughtUpAsync("forgiving");

        Assert.Equal("""{"sum": 6, "count": 2}""", (await _world.Reader.GetAsync("forgiving", "all"))!.Json);
        Assert.Equal("1,3,5", await _world.Store.ScalarAsync<string>("select string_agg(sequence::text, ',' order by sequence) from projection_skips"));
        Assert.Contains(await _world.Projections.ProblemsAsync(), p => p.Contains("'forgiving' passed over 3 events", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stopped_by_an_operator_it_stays_readable_and_goes_on_when_resumed()
    {
        await _world.AppendAsync("number/a", Counted(1));
        await _world.CaughtUpAsync("fragile");
        await _world.Projections.StopAsync("fragile", "ada");
        await _world.AppendAsync("number/a", Counted(2));
        await _world.RunAsync("fragile");

        Assert.Equal(ProjectionState.Stopped, (await _world.Projections.GetAsync("fragile"))!.State);
        Assert.Equal("""{"sum": 1, "count": 1}""", (await _world.Reader.GetAsync("fragile", "all"))!.Json);
        Assert.Equal(ProjectionRefusal.Conflict, (await Assert.ThrowsAsync<ProjectionException>(
            async () => await _world.Projections.StopAsync("fragile", "ada"))).Reason);

        await _world.Projections.ResumeAsync("fragile", "ada");
        await _world.CaughtUpAsync("fragile");
        Assert.Equal("""{"sum": 3, "count": 2}""", (await _world.Reader.GetAsync("fragile", "all"))!.Json);
    }
}
