using AppHost.Postgres;
using AppHost.Processes;
using Npgsql;
using Testing;

namespace AppHost.Tests.Postgres;

public sealed class PrivatePostgresTests : IDisposable
{
    private readonly string _folder = TestFolder.New();

    public void Dispose()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Data_is_kept_between_runs()
    {
        await using (var first = await PrivatePostgres.StartAsync(_folder, durable: false))
            await RunAsync(first, "create table kept(n int); insert into kept values (42)");

        await using var second = await PrivatePostgres.StartAsync(_folder, durable: false);

        Assert.Equal(42, await RunAsync(second, "select n from kept"));
    }

    [Fact]
    public async Task It_starts_on_what_a_crash_left()
    {
        await using var server = await PrivatePostgres.StartAsync(_folder, durable: false);
        await RunAsync(server, "create table kept(n int); insert into kept values (7)");

        await server.KillAsync();
        Assert.True(File.Exists(Path.Combine(server.Folder, "data", "postmaster.pid")), "a crash leaves its pid file");
        await server.StartAsync();

        Assert.Equal(7, await RunAsync(server, "select n from kept"));
    }

    [Fact]
    public async Task It_waits_for_what_a_crash_left_running()
    {
        await using var server = await PrivatePostgres.StartAsync(_folder, durable: false);
        var left = (int)(await RunAsync(server, "select pid from pg_stat_activity where backend_type = 'checkpointer'"))!;

        Signals.Send(left, PosixSignalNumber.Stop); // it holds the shared memory for as long as it does not notice
        await server.KillAsync();
        var starting = server.StartAsync();
        while (!starting.IsCompleted && !File.ReadAllText(server.LogFile).Contains("pre-existing shared memory block", StringComparison.Ordinal))
            await Task.Delay(20);
        var waits = !starting.IsCompleted;
        Signals.Send(left, PosixSignalNumber.Cont);
        await starting;
        Assert.True(waits, "it waits");

        Assert.Equal(1, await RunAsync(server, "select 1"));
    }

    [Fact]
    public async Task It_listens_on_the_loopback_interface_only()
    {
        await using var server = await PrivatePostgres.StartAsync(_folder, durable: false);
        Assert.Equal("127.0.0.1", await RunAsync(server, "show listen_addresses"));
        Assert.Equal("", await RunAsync(server, "show unix_socket_directories"));
    }

    [Fact]
    public async Task Its_folder_may_have_any_name()
    {
        await using var server = await PrivatePostgres.StartAsync(Path.Combine(_folder, new string('x', 120), "with space, comma"), durable: false);
        Assert.Equal(1, await RunAsync(server, "select 1"));
    }

    [Fact]
    public async Task A_durable_server_waits_for_the_disk()
    {
        await using var server = await PrivatePostgres.StartAsync(_folder);
        Assert.Equal("on", await RunAsync(server, "show fsync"));
        Assert.Equal("on", await RunAsync(server, "show synchronous_commit"));
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        await using var first = await PrivatePostgres.StartAsync(_folder, durable: false);
        var other = TestFolder.New();
        try
        {
            var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => PrivatePostgres.StartAsync(other, first.Port, durable: false));
            Assert.Contains($"{first.Port}", refusal.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(other, recursive: true);
        }
    }

    private static async Task<object?> RunAsync(PrivatePostgres server, string sql)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString() + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
