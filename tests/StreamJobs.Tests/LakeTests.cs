using System.Text.Json;
using System.Text.Json.Serialization;
using StreamJobs.Checkpoints;
using StreamJobs.Lake;
using Testing;
using Testing.Postgres;

namespace StreamJobs.Tests;

/// <summary>Final results as Parquet files: each once, whatever happens to who writes them.</summary>
public sealed class LakeTests(PostgresServer postgres) : IDisposable
{
    private static readonly Job Counts = Visits.Keyed().Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count() }).ToLake();

    // Records may be out of order by two days: what is final lies on days of its own.
    private static readonly Job Days = Visits.Keyed().Window(Tumbling.Of(1.Hours()), allowedLateness: 48.Hours()).Aggregate(a => new { c = a.Count() }).ToLake();

    private readonly string _folder = TestFolder.New();

    [Fact]
    public async Task Final_results_are_in_files_once_whoever_writes_them()
    {
        await using var world = await StartAsync();
        await using var partition = await world.OpenAsync(job: Counts);
        await FeedAsync(partition, 0, new("a", 1, 0), new("b", 2, 0), new("a", 15, 0));
        await (await OpenAsync(world)).RunAsync(default);
        Assert.Equal(["a 0-10 1", "b 0-10 1"], Rows());

        await FeedAsync(partition, 3, new("b", 16, 0), new("c", 31, 0));
        var second = await OpenAsync(world);
        await second.RunAsync(default);
        await second.RunAsync(default);
        Assert.Equal(["a 0-10 1", "b 0-10 1", "a 10-20 1", "b 10-20 1"], Rows());
        Assert.Equal((2, 4), await FilesAndRowsAsync(world));
    }

    [Fact]
    public async Task A_result_that_may_still_be_corrected_is_not_in_the_lake_and_files_lie_in_the_folder_of_their_windows_day()
    {
        await using var world = await StartAsync();
        await using var partition = await world.OpenAsync(job: Days);
        var (hour, day) = (3_600_000L, 86_400_000L);
        await FeedAsync(partition, 0, new("a", 0, 0), new("a", 10 * hour, 0), new("a", day, 0), new("a", 2 * day + (11 * hour), 0), new("a", 1, 0));
        await (await OpenAsync(world, Days)).RunAsync(default);
        Assert.Equal(["a 0-3600000 1", "a 36000000-39600000 1"], Rows());

        await FeedAsync(partition, 5, new Visit("a", 5 * day, 0));
        await (await OpenAsync(world, Days)).RunAsync(default);
        Assert.Equal(["date=1970-01-01", "date=1970-01-02", "date=1970-01-03"], LakeFiles.Of(_folder).Select(f => Path.GetFileName(Path.GetDirectoryName(f))));
        Assert.Equal(4, Rows().Length);
    }

    [Fact]
    public async Task A_file_that_was_written_down_but_not_moved_is_moved_by_the_next_owner_and_one_that_was_not_written_down_is_thrown_away()
    {
        await using var world = await StartAsync();
        await using var partition = await world.OpenAsync(job: Counts);
        await FeedAsync(partition, 0, new("a", 1, 0), new("a", 15, 0));
        var blocked = Path.Combine(_folder, "visits", "date=1970-01-01");
        var writer = await OpenAsync(world);
        await File.WriteAllTextAsync(blocked, "in the way");
        var thrown = await Assert.ThrowsAsync<LakeException>(() => writer.RunAsync(default));
        Assert.Contains(blocked, thrown.Message, StringComparison.Ordinal);
        Assert.Empty(LakeFiles.Of(_folder));
        Assert.Contains("cannot be written", (await new JobCatalog(world.Store).LakeAsync("visits"))!.Error, StringComparison.Ordinal);
        File.Delete(blocked);
        await File.WriteAllTextAsync(Path.Combine(_folder, "visits", "_temporary", "0000000002-1.parquet.tmp"), "half");
        var next = await OpenAsync(world);
        await next.RunAsync(default);
        Assert.Equal(["a 0-10 1"], Rows());
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_folder, "visits", "_temporary")));
        Assert.Null((await new JobCatalog(world.Store).LakeAsync("visits"))!.Error);
    }

    [Fact]
    public async Task A_full_disk_is_said_and_the_file_is_written_when_there_is_room()
    {
        await using var world = await StartAsync();
        await using var partition = await world.OpenAsync(job: Counts);
        await FeedAsync(partition, 0, new("a", 1, 0), new("a", 15, 0));
        var writer = await OpenAsync(world);
        File.CreateSymbolicLink(Path.Combine(_folder, "visits", "_temporary", "0000000001-1.parquet.tmp"), "/dev/full");
        var thrown = await Assert.ThrowsAsync<LakeException>(() => writer.RunAsync(default));
        Assert.Contains("No space left", thrown.Message, StringComparison.Ordinal);
        Assert.Empty(Rows());

        await writer.RunAsync(default);
        Assert.Equal(["a 0-10 1"], Rows());
    }

    [Fact]
    public async Task A_former_owner_that_wakes_up_adds_nothing()
    {
        await using var world = await StartAsync();
        await using var partition = await world.OpenAsync(job: Counts);
        await FeedAsync(partition, 0, new("a", 1, 0), new("a", 15, 0));
        var zombie = await OpenAsync(world);
        var owner = await OpenAsync(world);
        await zombie.RunAsync(default);
        Assert.True(zombie.IsFenced);
        Assert.Empty(Rows());
        await owner.RunAsync(default);
        await zombie.RunAsync(default);
        Assert.Equal(["a 0-10 1"], Rows());
    }

    [Fact]
    public async Task A_job_that_was_set_back_has_its_lake_written_anew_with_what_comes_of_it_now()
    {
        await using var world = await StartAsync();
        await using (var partition = await world.OpenAsync(job: Counts))
        {
            await FeedAsync(partition, 0, new("a", 1, 0), new("a", 15, 0));
            await world.Savepoints.CreateAsync(Counts, "s1", "test");
            await FeedAsync(partition, 2, new("a", 16, 0), new("mistake", 17, 0), new("a", 31, 0));
        }

        var writer = await OpenAsync(world);
        await writer.RunAsync(default);
        Assert.Equal(["a 0-10 1", "a 10-20 2", "mistake 10-20 1"], Rows());
        Assert.Equal(SavepointOutcome.Done, await world.Savepoints.RestoreAsync(Counts, "s1"));
        await writer.RunAsync(default);
        Assert.True(writer.IsFenced, "what it writes would be withdrawn");
        await using (var partition = await world.OpenAsync(job: Counts, startOffset: 2))
            await FeedAsync(partition, 2, new("a", 16, 0), new("b", 17, 0), new("a", 31, 0));
        await (await OpenAsync(world)).RunAsync(default);
        Assert.Equal(["a 0-10 1", "a 10-20 2", "b 10-20 1"], Rows());
    }

    [Fact]
    public async Task A_lake_that_was_lost_is_written_anew_and_files_that_nobody_knows_are_set_aside()
    {
        await using var world = await StartAsync();
        await using var partition = await world.OpenAsync(job: Counts);
        await FeedAsync(partition, 0, new("a", 1, 0), new("a", 15, 0), new("a", 25, 0));
        await (await OpenAsync(world)).RunAsync(default);
        var file = LakeFiles.Of(_folder).Single();
        var strange = Path.Combine(Path.GetDirectoryName(file)!, "0000000007-9.parquet");
        File.Move(file, strange);

        Assert.True(await new JobLake(world.Store).RewriteAsync(Counts));
        await (await OpenAsync(world)).RunAsync(default);
        Assert.Equal(["a 0-10 1", "a 10-20 1"], Rows());
        Assert.True(File.Exists(strange + ".unlisted"));
    }

    [Fact]
    public async Task What_is_in_the_lake_alone_is_not_thrown_away()
    {
        await using var world = await StartAsync();
        await using var partition = await world.OpenAsync(job: Counts);
        await FeedAsync(partition, 0, new("a", 1, 0), new("a", 15, 0), new("a", 25, 0));
        await world.Savepoints.CreateAsync(Counts, "s1", "test");
        await (await OpenAsync(world)).RunAsync(default);
        await world.Source.CreateCommand("delete from jobs.job_results where start_ms = 0").ExecuteNonQueryAsync(); // as KeepResults does, which a former version may have said
        Assert.False(await new JobLake(world.Store).RewriteAsync(Counts));
        Assert.Equal(SavepointOutcome.InLakeAlone, await world.Savepoints.RestoreAsync(Counts, "s1"));
        await (await OpenAsync(world)).RunAsync(default);
        Assert.Equal(["a 0-10 1", "a 10-20 1"], Rows());
    }

    [Fact]
    public async Task A_former_owner_whose_lake_was_withdrawn_notices_although_there_is_nothing_to_write()
    {
        await using var world = await StartAsync();
        var writer = await OpenAsync(world);
        await new JobLake(world.Store).RewriteAsync(Counts);
        await writer.RunAsync(default);
        Assert.True(writer.IsFenced);
    }

    [Fact]
    public async Task A_file_that_fell_back_to_where_it_was_before_it_was_published_is_published_again()
    {
        await using var world = await StartAsync();
        await using var partition = await world.OpenAsync(job: Counts);
        await FeedAsync(partition, 0, new("a", 1, 0), new("a", 15, 0));
        await (await OpenAsync(world)).RunAsync(default);
        var file = LakeFiles.Of(_folder).Single();
        File.Move(file, Path.Combine(_folder, "visits", "_temporary", Path.GetFileName(file) + ".tmp"));
        await (await OpenAsync(world)).RunAsync(default);
        Assert.Equal(["a 0-10 1"], Rows());
    }

    [Fact]
    public async Task Each_result_is_written_once_wherever_a_file_ends()
    {
        await using var world = await StartAsync();
        await using var partition = await world.OpenAsync(job: Counts);
        await FeedAsync(partition, 0, [.. "dbAca".Select((who, i) => new Visit(who.ToString(), i, 0)), new("a", 15, 0), new("B", 16, 0), new("z", 99, 0)]);
        for (var i = 0; i < 5; i++)
            await (await OpenAsync(world, maxRows: 2)).RunAsync(default);
        Assert.Equal(["A 0-10 1", "B 10-20 1", "a 0-10 1", "a 10-20 1", "b 0-10 1", "c 0-10 1", "d 0-10 1"], Rows().Order(StringComparer.Ordinal));
        Assert.Equal(4, LakeFiles.Of(_folder).Length);
    }

    [Fact]
    public async Task A_session_that_a_late_record_has_joined_to_another_is_in_the_lake_as_the_one_that_it_is()
    {
        var sessions = Visits.Keyed().Window(Session.WithGap(10.Milliseconds()), allowedLateness: 50.Milliseconds()).Aggregate(a => new { c = a.Count() }).ToLake();
        await using var world = await StartAsync();
        await using var partition = await world.OpenAsync(job: sessions);
        await FeedAsync(partition, 0, new("a", 0, 0), new("a", 15, 0), new("a", 40, 0), new("a", 8, 0));
        await (await OpenAsync(world, sessions)).RunAsync(default);
        Assert.Empty(Rows());
        await FeedAsync(partition, 4, new Visit("b", 200, 0));
        await (await OpenAsync(world, sessions)).RunAsync(default);
        Assert.Equal(["a 0-25 3", "a 40-50 1"], Rows());
    }

    [Fact]
    public async Task A_session_that_a_late_record_has_go_on_is_in_the_lake_once_when_it_has_closed_again()
    {
        var sessions = Visits.Keyed().Window(Session.WithGap(20.Milliseconds()), allowedLateness: 30.Milliseconds()).Aggregate(a => new { c = a.Count() }).ToLake();
        await using var world = await StartAsync();
        await using var partition = await world.OpenAsync(job: sessions);
        await FeedAsync(partition, 0, new("a", 0, 0), new("b", 25, 0));
        Assert.Equal(["a 0-20 r0 1 closed"], await TableAsync());
        await FeedAsync(partition, 2, new("a", 15, 0), new("a", 30, 0), new("a", 45, 0), new("a", 60, 0));
        Assert.Equal(["b 25-45 r0 1 closed"], await TableAsync());
        await (await OpenAsync(world, sessions)).RunAsync(default);
        Assert.Empty(Rows());

        await FeedAsync(partition, 6, new("b", 80, 0), new("c", 200, 0));
        Assert.Equal(["b 25-45 r0 1 final", "a 0-80 r2 5 final", "b 80-100 r0 1 final"], await TableAsync());
        await (await OpenAsync(world, sessions)).RunAsync(default);
        Assert.Equal(["b 25-45 1", "a 0-80 5", "b 80-100 1"], Rows());
        Assert.True(await new JobLake(world.Store).RewriteAsync(sessions));

        async Task<string[]> TableAsync() => [.. (await new JobCatalog(world.Store).ResultsAsync(sessions, new ResultQuery(null, null, null, null, null), 100))
            .Select(r => $"{r.Key} {r.StartMs}-{r.EndMs} r{r.Revision} {r.Value.GetProperty("c")} {(r.IsFinal ? "final" : "closed")}")];
    }

    [Fact]
    public async Task A_result_that_fits_no_column_is_named_where_an_operator_looks()
    {
        await using var world = await StartAsync();
        await using var partition = await world.OpenAsync(job: Counts);
        await FeedAsync(partition, 0, new("a", 1, 0), new("a", 15, 0));
        await world.Source.CreateCommand("""update jobs.job_results set value = '{"c": 0.5}'""").ExecuteNonQueryAsync();
        var writer = await OpenAsync(world);
        await Assert.ThrowsAsync<LakeException>(() => writer.RunAsync(default));
        await OpenAsync(world);
        Assert.Contains("'c' is of Int64, but a result has 0.5", (await new JobCatalog(world.Store).LakeAsync("visits"))!.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Columns_have_the_types_of_the_results_fields_for_a_reader_that_is_not_ours()
    {
        var at = new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
        var filled = new Mixed("x", 3, true, 79228162514264337593.123456789m, 0.5, at, ["p", "q"], 7, 8, 9);
        var empty = new Mixed(null, null, null, null, null, null, null, 0, 0, 0);
        Directory.CreateDirectory(_folder);
        var path = Path.Combine(_folder, "mixed.parquet");
        await using (var stream = File.Create(path))
        {
            await new LakeTable(typeof(Mixed)).WriteAsync(
                stream, [.. new[] { filled, empty }.Select(m => new LakeRow(0, "k", 0, 10, 2, JsonSerializer.SerializeToElement(m)))], default);
        }

        Assert.Equal(
            ["key", "window_start", "window_end", "revision", "text", "count", "flag", "amount", "share", "at", "pages", "value_key", "named"],
            LakeFiles.Columns(path).Select(c => c[..c.IndexOf(' ', StringComparison.Ordinal)]));
        var rows = LakeFiles.Read(path);
        Assert.Equal(["k", new DateTime(1970, 1, 1), new DateTime(1970, 1, 1).AddMilliseconds(10), 2], rows[0].Take(4));
        Assert.Equal(["x", 3L, true, filled.amount, 0.5, at.UtcDateTime, """["p","q"]""", 7L, 8L], rows[0].Skip(4));
        Assert.Equal([null, null, null, null, null, null, null, 0L, 0L], rows[1].Skip(4));
    }

    [Fact]
    public async Task A_result_without_fields_of_its_own_is_one_column()
    {
        Directory.CreateDirectory(_folder);
        foreach (var (type, value, column, expected) in new (Type, object?, string, object?)[]
        {
            (typeof(IReadOnlyList<string>), new[] { "p" }, "value", """["p"]"""), (typeof(long?), 5L, "value", 5L), (typeof(Mixed), null, "text", null),
        })
        {
            var path = Path.Combine(_folder, $"{Guid.NewGuid():N}.parquet");
            await using (var stream = File.Create(path))
                await new LakeTable(type).WriteAsync(stream, [new LakeRow(0, "k", 0, 10, 0, JsonSerializer.SerializeToElement(value))], default);
            Assert.StartsWith(column, LakeFiles.Columns(path)[4], StringComparison.Ordinal);
            Assert.Equal(expected, LakeFiles.Read(path).Single()[4]);
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    private static async Task FeedAsync(Running.JobPartition partition, long from, params Visit[] visits)
    {
        await partition.ProcessAsync(new Chunk(from, visits), default);
        await partition.CheckpointAsync();
    }

    private Task<PartitionWorld> StartAsync() => PartitionWorld.StartAsync(postgres);

    private async Task<LakeWriter> OpenAsync(PartitionWorld world, Job? job = null, int maxRows = 1000)
    {
        var writer = new LakeWriter(job ?? Counts, world.Services(new() { LakeFolder = _folder, LakeInterval = TimeSpan.FromMilliseconds(1) })) { MaxRows = maxRows };
        await writer.OpenAsync(default);
        return writer;
    }

    private string[] Rows() => [.. LakeFiles.Of(_folder).SelectMany(LakeFiles.Read)
        .Select(r => $"{r[0]} {Ms(r[1])}-{Ms(r[2])} {r[4]}")];

    private static long Ms(object? time) => (long)((DateTime)time! - DateTime.UnixEpoch).TotalMilliseconds;

    private static async Task<(long Files, long Rows)> FilesAndRowsAsync(PartitionWorld world)
    {
        var status = (await new JobCatalog(world.Store).LakeAsync("visits"))!;
        return (status.Files, status.Rows);
    }

    private sealed record Mixed(
        string? text, int? count, bool? flag, decimal? amount, double? share, DateTimeOffset? at, string[]? pages, int key,
        [property: JsonPropertyName("named")] int Other, [property: JsonIgnore] int Hidden);
}
