using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace EventStore.Tests;

/// <summary>A private Postgres cluster for one test assembly or class: own folder, own port, loopback only.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private static readonly string Bin = Directory.GetDirectories("/usr/lib/postgresql").Order().Last() + "/bin";
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"pg-{Guid.NewGuid():N}");
    private readonly int _port = FreePort();

    public string ConnectionString(string database) => $"Host=127.0.0.1;Port={_port};Username=postgres;Database={database}";

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(_folder);
        if (Environment.UserName == "root")
            await RunAsync("chown", "postgres", _folder);
        await AsPostgresAsync("initdb", "-D", $"{_folder}/data", "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C");
        await StartAsync();
    }

    public Task StartAsync() => AsPostgresAsync("pg_ctl", "start", "-w", "-s", "-D", $"{_folder}/data", "-l", $"{_folder}/log", "-o",
        $"-p {_port} -h 127.0.0.1 -k {_folder} -c max_connections=500");

    /// <summary>Stops at once, as a crash would: no transaction may finish.</summary>
    public Task StopNowAsync() => AsPostgresAsync("pg_ctl", "stop", "-w", "-s", "-m", "immediate", "-D", $"{_folder}/data");

    public async Task<string> NewDatabaseAsync(string template = "template1")
    {
        var name = $"t{Guid.NewGuid():N}";
        await using var connection = new NpgsqlConnection(ConnectionString("postgres") + ";Pooling=false");
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"create database {name} template {template}", connection);
        await create.ExecuteNonQueryAsync();
        return ConnectionString(name);
    }

    public async ValueTask DisposeAsync()
    {
        await StopNowAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static Task AsPostgresAsync(string program, params string[] arguments) => Environment.UserName == "root"
        ? RunAsync("runuser", ["-u", "postgres", "--", $"{Bin}/{program}", .. arguments])
        : RunAsync($"{Bin}/{program}", arguments);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // The server inherits our handles, so its output must go elsewhere: a redirected pipe would never end.
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >/dev/null 2>&1 </dev/null", "sh", program, .. arguments])
        {
            WorkingDirectory = "/tmp",
        })!;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
