using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AppHost.Processes;
using Npgsql;

namespace AppHost.Postgres;

/// <summary>
/// A Postgres server of our own, from the installed binaries: own data folder, own port, loopback only, ending with us. Postgres refuses to
/// run as root, so as root it runs as another user.
/// </summary>
public sealed class PrivatePostgres : IPart, IAsyncDisposable
{
    private const string Owner = "streaming";
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    private readonly PostgresBinaries _binaries;
    private readonly string _folder;
    private readonly bool _durable;
    private OwnedProcess? _process;

    private PrivatePostgres(PostgresBinaries binaries, string folder, int port, bool durable) =>
        (_binaries, _folder, Port, _durable) = (binaries, folder, port, durable);

    /// <inheritdoc/>
    public string Name => "postgres";

    /// <inheritdoc/>
    public string LogFile => Path.Combine(_folder, "postgres.log");

    /// <summary>The port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Where the data really lies.</summary>
    public string Folder => _folder;

    /// <summary>The server's process id, or null when it is stopped.</summary>
    public int? Pid => _process is { HasExited: false } p ? p.Pid : null;

    /// <summary>How to connect to a database of this server.</summary>
    public string ConnectionString(string database = "postgres") =>
        $"Host=127.0.0.1;Port={Port};Username={Owner};Database={database}";

    /// <summary>Starts a server on a folder, which is filled at the first start and kept.</summary>
    /// <param name="folder">Where its data should lie. As root, in a place that other users cannot reach, it lies elsewhere: see <see cref="Folder"/>.</param>
    /// <param name="port">The port, or null for a free one.</param>
    /// <param name="durable">False for tests: commits then do not wait for the disk.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="InvalidOperationException">The binaries are missing, or the server does not start; the message says what to do.</exception>
    public static async Task<PrivatePostgres> StartAsync(
        string folder, int? port = null, bool durable = true, CancellationToken cancellationToken = default)
    {
        var binaries = PostgresBinaries.Find();
        var server = new PrivatePostgres(binaries, Reachable(Path.GetFullPath(folder)), port ?? FreePort.Any(), durable);
        try
        {
            await server.InitializeAsync(cancellationToken);
            await server.StartAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync(); // nobody else has it yet
            throw;
        }
    }

    /// <summary>Starts it again after a stop or a crash, on the same port.</summary>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        // No socket beside TCP: its path could be longer than sockets may have.
        string[] settings =
        [
            $"port={Port.ToString(CultureInfo.InvariantCulture)}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200",
            "shared_buffers=256MB", "max_wal_size=2GB", "checkpoint_timeout=10min", "wal_compression=on", "random_page_cost=1.1",
            _durable ? "synchronous_commit=on" : "fsync=off", "full_page_writes=" + (_durable ? "on" : "off"),
        ];
        string[] command = [.. _binaries.As("postgres", "-D", Data), .. settings.SelectMany(s => new[] { "-c", s })];
        for (var held = Stopwatch.StartNew(); ; await _process.DisposeAsync())
        {
            _process = await OwnedProcess.StartAsync("postgres", command, LogFile, stopSignal: PosixSignalNumber.Int, workingDirectory: _folder);
            if (await IsReadyAsync(_process, waits: held.Elapsed < StartPatience, cancellationToken))
                return;
        }
    }

    /// <summary>Stops it: fast and cleanly, or at once as a crash would.</summary>
    /// <returns>False when it took force.</returns>
    public async Task<bool> StopAsync(bool immediately = false)
    {
        if (_process is null)
            return true;
        if (immediately)
            _process.Signal(PosixSignalNumber.Quit);
        return await _process.StopAsync(OwnedProcess.StopPatience);
    }

    /// <inheritdoc/>
    Task<bool> IPart.StopAsync() => StopAsync();

    /// <inheritdoc/>
    public Task<int> WaitForExitAsync(CancellationToken cancellationToken = default) => Process.WaitForExitAsync(cancellationToken);

    /// <summary>Ends it at once, as a crash would.</summary>
    public Task KillAsync() => _process?.KillAsync() ?? Task.CompletedTask;

    /// <summary>Creates a database.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> CreateDatabaseAsync(string name, string template = "template1", CancellationToken cancellationToken = default)
    {
        await using var connection = new NpgsqlConnection(ConnectionString() + ";Pooling=false");
        await connection.OpenAsync(cancellationToken);
        await using var create = new NpgsqlCommand($"create database \"{name}\" template \"{template}\"", connection);
        await create.ExecuteNonQueryAsync(cancellationToken);
        return ConnectionString(name);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_process is not null)
            await _process.DisposeAsync();
    }

    private OwnedProcess Process => _process ?? throw new InvalidOperationException("Postgres was not started.");

    private string Data => Path.Combine(_folder, "data");

    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(_folder);
        if (_binaries.User is { } user)
            await RunAsync(["chown", "-R", user, _folder], cancellationToken);
        if (File.Exists(Path.Combine(Data, "PG_VERSION")))
            return;
        string[] sync = _durable ? [] : ["--no-sync"];
        // To its end, whoever has lost interest: what is half made looks like a cluster.
        await RunAsync([.. _binaries.As("initdb", "-D", Data, "-U", Owner, "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"), .. sync], CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <returns>False when it must be started once more, because a crashed server's processes hold its data, which <paramref name="waits"/> allows for.</returns>
    private async Task<bool> IsReadyAsync(OwnedProcess process, bool waits, CancellationToken cancellationToken)
    {
        var started = Stopwatch.StartNew();
        while (!IsReady(process))
        {
            if (process.HasExited && waits && IsHeldByCrashed(process))
            {
                await Task.Delay(200, cancellationToken);
                return false;
            }

            if (process.HasExited)
                throw new InvalidOperationException($"Postgres does not start in {_folder}. Its last words:{System.Environment.NewLine}{process.LogTail()}");
            if (started.Elapsed > StartPatience)
            {
                await process.StopAsync(TimeSpan.FromSeconds(10));
                throw new InvalidOperationException($"Postgres in {_folder} was not ready after {StartPatience.TotalSeconds} s. Its last words:{System.Environment.NewLine}{process.LogTail()}");
            }

            await Task.Delay(20, cancellationToken);
        }

        return true;
    }

    // What a killed server started (its checkpointer, say) ends by itself, a moment later; until then no other may use the data.
    private static bool IsHeldByCrashed(OwnedProcess process) => process.LogTail().Split(System.Environment.NewLine).Any(line =>
        line.Contains($"[{process.Pid}] FATAL:  pre-existing shared memory block", StringComparison.Ordinal));

    // The server's own word, not a connection: on a port in use that would reach a stranger. Line 1 of its pid file is the process, line 8 its state.
    private bool IsReady(OwnedProcess process)
    {
        try
        {
            var lines = File.ReadAllLines(Path.Combine(Data, "postmaster.pid"));
            return lines.Length >= 8 && lines[0] == process.Pid.ToString(CultureInfo.InvariantCulture) && lines[7].Trim() == "ready";
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task RunAsync(string[] command, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        using var process = System.Diagnostics.Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(cancellationToken), process.StandardError.ReadToEndAsync(cancellationToken));
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{string.Join(' ', command)} failed:{System.Environment.NewLine}{await output}{await errors}");
    }

    // The other user must be able to walk to the folder; below a home that is closed to others it cannot.
    private static string Reachable(string folder)
    {
        if (!System.Environment.IsPrivilegedProcess || OperatingSystem.IsWindows())
            return folder;
        for (var parent = Path.GetDirectoryName(folder); parent is not null; parent = Path.GetDirectoryName(parent))
        {
            if (Directory.Exists(parent) && !File.GetUnixFileMode(parent).HasFlag(UnixFileMode.OtherExecute))
            {
                var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder)))[..12];
                return Path.Combine("/var/lib/orleans-streaming", hash);
            }
        }

        return folder;
    }
}
