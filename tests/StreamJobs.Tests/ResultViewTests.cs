using Npgsql;
using Testing.Postgres;

namespace StreamJobs.Tests;

/// <summary>Results as a table with typed columns.</summary>
public sealed class ResultViewTests(PostgresServer postgres)
{
    private static readonly Job Rich = Visits.Keyed().Window(Tumbling.Of(10.Milliseconds()))
        .Aggregate(a => new { c = a.Count(), total = a.Sum(v => (decimal?)v.Value / 4), first = a.Min(v => v.Time), key = a.Max(v => v.Who) });

    [Fact]
    public async Task Results_can_be_asked_for_in_sql_by_their_fields_with_types()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        Assert.Empty(await world.Store.CreateTablesAsync([Rich]));
        await using (var partition = await world.OpenAsync(job: Rich))
        {
            await partition.ProcessAsync(new Chunk(0, new("a", 1, 3), new("a", 2, 2), new("b", 3, 1), new("a", 20, 0)), default);
            await partition.CheckpointAsync();
        }

        await using var command = world.Source.CreateCommand("select key, window_start, window_end, revision, c, total, first, value_key from jobs.results_visits order by total desc");
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        Assert.Equal(
            ("a", At(0), At(10), 0, 2L, 1.25m, At(1), "a"),
            (reader.GetString(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetInt32(3), reader.GetInt64(4), reader.GetDecimal(5),
                reader.GetFieldValue<DateTimeOffset>(6), reader.GetString(7)));
        Assert.True(await reader.ReadAsync());
        Assert.Equal(("b", 0.25m), (reader.GetString(0), reader.GetDecimal(5)));
        Assert.False(await reader.ReadAsync());
    }

    [Fact]
    public async Task The_view_follows_the_job_and_one_that_something_is_built_upon_stays_and_is_named()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        Assert.Empty(await world.Store.CreateTablesAsync([Rich]));
        Assert.Empty(await world.Store.CreateTablesAsync([Rich]));
        Assert.Empty(await world.Store.CreateTablesAsync([PartitionWorld.Counts]));
        await Assert.ThrowsAsync<PostgresException>(() => world.Source.CreateCommand("select total from jobs.results_visits").ExecuteNonQueryAsync());

        await world.Source.CreateCommand("create view report as select c from jobs.results_visits").ExecuteNonQueryAsync();
        var other = Visits.Keyed().Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { d = a.Count() });
        Assert.Equal(["visits"], await world.Store.CreateTablesAsync([other]));
        await world.Source.CreateCommand("select c from report").ExecuteNonQueryAsync();
    }

    [Fact]
    public async Task A_silo_that_starts_waits_for_no_job_that_runs_and_holds_none_up()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await world.Store.CreateTablesAsync([Rich]);
        await using var connection = await world.Source.OpenConnectionAsync();
        await using var running = await connection.BeginTransactionAsync();
        await new NpgsqlCommand("select from jobs.job_positions, jobs.job_state, jobs.job_results, jobs.results_visits", connection).ExecuteNonQueryAsync();

        await world.Store.CreateTablesAsync([Rich]).WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task What_was_dropped_or_replaced_by_another_version_is_mended_at_the_next_start()
    {
        await using var world = await PartitionWorld.StartAsync(postgres);
        await world.Store.CreateTablesAsync([Rich]);
        await world.Source.CreateCommand("""
            drop index jobs.job_results_by_end;
            drop view jobs.results_visits;
            create view jobs.results_visits as select 1 as other;
            """).ExecuteNonQueryAsync();

        await world.Store.CreateTablesAsync([Rich]);

        await world.Source.CreateCommand("select total from jobs.results_visits").ExecuteNonQueryAsync();
        Assert.NotNull(await world.Source.CreateCommand("select to_regclass('jobs.job_results_by_end')::text").ExecuteScalarAsync() as string);
    }

    private static DateTimeOffset At(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);
}
