using AppHost.Running;
using Npgsql;
using Testing;
using Testing.Postgres;

namespace AppHost.Tests.Running;

/// <summary>A Postgres that the user names: what it refuses is said at once, what may come later is waited for.</summary>
public sealed class StoreTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    [Fact]
    public async Task A_given_server_is_used_as_it_is()
    {
        var given = await postgres.CreateDatabaseAsync();
        var store = await OpenAsync(given);
        Assert.Equal((given, true), (store.ConnectionString, store.Server is null));
    }

    [Fact]
    public async Task A_wrong_password_is_said_with_what_to_correct()
    {
        await using (var connection = new NpgsqlConnection(postgres.ConnectionString))
        {
            await connection.OpenAsync();
            await using var create = new NpgsqlCommand("create role guarded login password 'right'", connection);
            await create.ExecuteNonQueryAsync();
        }

        await postgres.RequirePasswordAsync("guarded");
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            OpenAsync($"Host=127.0.0.1;Port={postgres.Port};Username=guarded;Password=wrong;Database=postgres"));
        Assert.Contains("password authentication failed", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("ConnectionStrings:Postgres", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_database_is_named()
    {
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => OpenAsync($"Host=127.0.0.1;Port={postgres.Port};Username=streaming;Database=nowhere"));
        Assert.Contains("nowhere", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_yet_is_waited_for()
    {
        var store = await OpenAsync("Host=127.0.0.1;Port=1;Username=u;Database=d;Timeout=2");
        Assert.Contains("does not answer yet", store.Description, StringComparison.Ordinal);
    }

    private static Task<Store> OpenAsync(string connectionString) => Store.OpenAsync(
        new UpOptions(TestFolder.New(), 1, 5080, false, null, Settings.Load("/", [$"ConnectionStrings:Postgres={connectionString}"])), CancellationToken.None);
}
