using EventStore.Projections;
using Npgsql;
using static EventStore.Tests.Appends;

namespace EventStore.Tests.Projections;

public sealed class HighWaterTests(PostgresServer postgres) : IAsyncLifetime
{
    private ProjectionWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await ProjectionWorld.FreshAsync(
        postgres, s => s.AddProjection<PerStream>(), o => o.StallAfter = TimeSpan.FromSeconds(1));

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task An_event_whose_transaction_is_open_is_waited_for_and_the_wait_is_visible()
    {
        await _world.AppendAsync("number/a", Counted(1));
        await _world.CaughtUpAsync("per-stream");

        await using var connection = new NpgsqlConnection(_world.Store.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await ExecuteAsync(connection, """
            insert into streaming.mt_streams (id, type, version) values ('number/slow', 'number', 1);
            insert into streaming.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, is_archived)
            values (nextval('streaming.mt_events_sequence'), gen_random_uuid(), 'number/slow', 1, '{"value": 10}', 'counted', now(), '*DEFAULT*', false)
            """);
        await _world.AppendAsync("number/a", Counted(2));

        await ProjectionWorld.UntilAsync("the stall to be shown", async () =>
            (await _world.Projections.ProblemsAsync()).Any(p => p.Contains("high-water mark stands at 1 while the newest event is 3", StringComparison.Ordinal)));
        Assert.Equal((1L, 3L), ((await _world.Projections.HighWaterAsync()).Mark, (await _world.Projections.HighWaterAsync()).Newest));
        Assert.Equal("""{"sum": 1, "count": 1}""", (await _world.Reader.GetAsync("per-stream", "a"))!.Json);

        await transaction.CommitAsync();
        await _world.CaughtUpAsync("per-stream");
        Assert.Equal("""[["a", {"sum": 3, "count": 2}, 3], ["slow", {"sum": 10, "count": 1}, 2]]""", await _world.DumpAsync("per-stream"));
        Assert.Empty(await _world.Projections.ProblemsAsync());
    }

    [Fact]
    public async Task A_number_that_a_rolled_back_transaction_drew_holds_nothing_up_for_long()
    {
        await _world.AppendAsync("number/a", Counted(1));
        await _world.Store.ScalarAsync<long>("select nextval('mt_events_sequence')");
        await _world.AppendAsync("number/a", Counted(2));
        await _world.CaughtUpAsync("per-stream");
        Assert.Equal("""[["a", {"sum": 3, "count": 2}, 3]]""", await _world.DumpAsync("per-stream"));
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
