using EventStore.Schema;
using Marten;
using Microsoft.Extensions.Options;
using Npgsql;

[assembly: AssemblyFixture(typeof(EventStore.Tests.PostgresServer))]

namespace EventStore.Tests.Schema;

public sealed class SchemaTests(PostgresServer postgres)
{
    [Fact]
    public async Task Several_processes_may_start_on_an_empty_database_at_once()
    {
        var database = await postgres.NewDatabaseAsync();
        var stores = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => TestStore.StartAsync(database)));

        Assert.Equal(Migration.All()[^1].Version, await stores[0].ScalarAsync<int>("select max(version) from schema_versions"));
        foreach (var store in stores)
            await store.DisposeAsync();
    }

    [Fact]
    public async Task While_another_holds_the_schemas_lock_it_is_said_who_and_waiting_can_be_ended()
    {
        var database = await postgres.NewDatabaseAsync();
        await using var holder = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { ApplicationName = "a hanging upgrade", Pooling = false }.ConnectionString);
        await holder.OpenAsync();
        await using var held = await AdvisoryLock.AcquireAsync(holder, "streaming schema", _ => Assert.Fail("nobody else has it"), default);
        await using var waiter = new NpgsqlConnection(database);
        await waiter.OpenAsync();
        using var ending = new CancellationTokenSource();
        var said = new TaskCompletionSource<string>();

        var waiting = AdvisoryLock.AcquireAsync(waiter, "streaming schema", said.SetResult, ending.Token);
        var words = await said.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.StartsWith($"pid {holder.ProcessID} (a hanging upgrade) on ", words, StringComparison.Ordinal);
        Assert.False(waiting.IsCompleted);
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await held.DisposeAsync();

        await using var taken = await AdvisoryLock.AcquireAsync(waiter, "streaming schema", _ => Assert.Fail("it is free"), default);
    }

    [Fact]
    public async Task Marten_finds_nothing_to_change_after_the_start()
    {
        await using var store = await TestStore.StartAsync(await postgres.NewDatabaseAsync());
        await store.Get<IDocumentStore>().Storage.Database.AssertDatabaseMatchesConfigurationAsync();
    }

    [Fact]
    public async Task A_database_of_a_newer_release_is_refused_with_both_versions()
    {
        var database = await postgres.NewDatabaseAsync();
        await using (var store = await TestStore.StartAsync(database))
            await store.ScalarAsync<int>("insert into schema_versions (version, name) values (999, 'future') returning version");

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => TestStore.StartAsync(database));
        Assert.Contains("999", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_wrong_option_is_named_in_one_error()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => TestStore.StartAsync("", o =>
        {
            o.Schema = "Bad Name";
            o.MaxBatchAppends = 0;
            o.StatementTimeout = TimeSpan.Zero;
        }));
        Assert.Equal(["ConnectionString", "MaxBatchAppends", "Schema", "StatementTimeout"],
            error.Failures.Select(f => f.Split(':')[1].Split(' ')[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_missing_database_ends_the_start_with_the_servers_words()
    {
        var error = await Assert.ThrowsAnyAsync<PostgresException>(() => TestStore.StartAsync(postgres.ConnectionString("nowhere")));
        Assert.Equal(PostgresErrorCodes.InvalidCatalogName, error.SqlState);
    }
}
