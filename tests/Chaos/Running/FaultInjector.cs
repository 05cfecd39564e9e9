using System.Diagnostics;
using AppHost.Kafka;
using AppHost.Processes;
using Chaos.Load;
using Chaos.Schedule;
using ErrorCode = Confluent.Kafka.ErrorCode;
using Npgsql;

namespace Chaos.Running;

/// <summary>Does what the schedule says, and observes what comes of it: a fault without an effect that was seen does not count.</summary>
internal sealed class FaultInjector(ChaosSystem system, Watcher watcher, RecordLoad records, HttpLoad http, int leastSilos) : IDisposable
{
    private const short ProduceRequest = 0;
    private const short FetchRequest = 1;
    private const int ErrorsInARow = 4;
    private static readonly TimeSpan EffectPatience = TimeSpan.FromSeconds(25);

    // A silo starts first, beside all that runs.
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(1);
    private readonly HttpClient _probe = new() { Timeout = TimeSpan.FromMilliseconds(700) };
    private int _partitions = 4;

    /// <summary>Injects a fault.</summary>
    /// <returns>The effect, or null when none was seen.</returns>
    public Task<string?> InjectAsync(PlannedFault fault, CancellationToken cancellationToken) => fault.Kind switch
    {
        FaultKind.SiloKilled => KillSiloAsync(Silo(fault), cancellationToken),
        FaultKind.SiloStopped => StopSiloAsync(Silo(fault), fault.Seconds, beyondLease: false, cancellationToken),
        FaultKind.SiloStoppedBeyondLease => StopSiloAsync(Silo(fault), fault.Seconds, beyondLease: true, cancellationToken),
        FaultKind.SiloAdded => AddSiloAsync(cancellationToken),
        FaultKind.SiloRemoved => RemoveSiloAsync(fault, cancellationToken),
        FaultKind.BrokerKilled => KillBrokerAsync(fault, cancellationToken),
        FaultKind.BrokerAway => BrokerAwayAsync(fault, cancellationToken),
        FaultKind.BrokerErrors => BrokerErrorsAsync(cancellationToken),
        FaultKind.BackendsTerminated => TerminateBackendsAsync(),
        FaultKind.PostgresStoppedImmediately => StopPostgresAsync(fault, cancellationToken),
        FaultKind.ConnectionsCut => CutAsync(Proxy(fault), cancellationToken),
        FaultKind.ConnectionsDelayed => DelayAsync(Proxy(fault), fault.Seconds, cancellationToken),
        FaultKind.PartitionAdded => AddPartitionAsync(cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault.Kind, null),
    };

    public void Dispose() => _probe.Dispose();

    private SiloNode Silo(PlannedFault fault) => system.Silos[fault.Target % system.Silos.Count];

    private Proxy Proxy(PlannedFault fault) => system.Proxies[fault.Target % system.Proxies.Count];

    private async Task<string?> KillSiloAsync(SiloNode silo, CancellationToken cancellationToken)
    {
        var (pid, epochs) = (silo.Pid, watcher.Epochs);
        if (pid is null || ProcessIdentity.Of(pid.Value) is not { } process)
            return null;
        process.Send(PosixSignalNumber.Kill);
        await Task.Delay(RestartPause, cancellationToken);
        system.BringBack();
        return await SeenAsync(() => watcher.Epochs > epochs && silo.Pid is not null && silo.Pid != pid, cancellationToken)
            ? $"{silo.Name} (process {pid}) died with its work; its partitions were taken over" : null;
    }

    private async Task<string?> StopSiloAsync(SiloNode silo, double seconds, bool beyondLease, CancellationToken cancellationToken)
    {
        var epochs = watcher.Epochs;
        if (silo.Pid is not { } pid || ProcessIdentity.Of(pid) is not { } process)
            return null;
        process.Send(PosixSignalNumber.Stop);
        var (begun, taken) = (Stopwatch.GetTimestamp(), false);
        try
        {
            var silent = !await AnswersAsync(silo.Url);
            await Task.Delay(TimeSpan.FromSeconds(seconds), cancellationToken);
            if (!beyondLease)
                return silent ? $"{silo.Name} did not answer for {seconds:0.0} s" : null;

            // With other silos it is declared dead, and its partitions are another's; on a busy machine they give it longer. Alone it keeps them.
            taken = system.Silos.Count > 1 && await SeenAsync(() => watcher.Epochs > epochs, cancellationToken);
        }
        finally
        {
            process.Send(PosixSignalNumber.Cont);
        }

        seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        await SeenAsync(() => silo.Pid is not null, cancellationToken);
        return taken ? $"{silo.Name} stood still for {seconds:0.0} s; its partitions were taken over; it woke and wrote" : system.Silos.Count == 1 ? $"{silo.Name} stood still for {seconds:0.0} s, alone" : null;
    }

    private async Task<string?> AddSiloAsync(CancellationToken cancellationToken)
    {
        var epochs = watcher.Epochs;
        var silo = await system.AddSiloAsync(cancellationToken);
        return await SeenAsync(() => watcher.Epochs > epochs, cancellationToken, JoinPatience) ? $"{silo.Name} joined and took partitions over" : null;
    }

    private async Task<string?> RemoveSiloAsync(PlannedFault fault, CancellationToken cancellationToken)
    {
        if (system.Silos.Count <= leastSilos)
            await system.AddSiloAsync(cancellationToken);
        var (silo, epochs) = (Silo(fault), watcher.Epochs);
        await system.RemoveSiloAsync(silo);
        return await SeenAsync(() => watcher.Epochs > epochs, cancellationToken) ? $"{silo.Name} left and handed its partitions over" : null;
    }

    private async Task<string?> KillBrokerAsync(PlannedFault fault, CancellationToken cancellationToken)
    {
        var (kafka, before) = ((PrivateKafka)system.Broker, records.Disconnects);
        await kafka.KillAsync();
        await Task.Delay(TimeSpan.FromSeconds(fault.Seconds), cancellationToken);
        await kafka.StartAsync(cancellationToken);
        return await SeenAsync(() => records.Disconnects > before, cancellationToken) ? "the broker was killed and came back; its clients lost their connections" : null;
    }

    private async Task<string?> BrokerAwayAsync(PlannedFault fault, CancellationToken cancellationToken)
    {
        var (kafka, before) = ((EmulatedKafka)system.Broker, records.Disconnects);
        kafka.TakeDown();
        await Task.Delay(TimeSpan.FromSeconds(fault.Seconds), cancellationToken);
        kafka.BringUp();
        return await SeenAsync(() => records.Disconnects > before, cancellationToken) ? $"the broker was away for {fault.Seconds:0.0} s; its clients lost their connections" : null;
    }

    private async Task<string?> BrokerErrorsAsync(CancellationToken cancellationToken)
    {
        var (kafka, before, disconnects) = ((EmulatedKafka)system.Broker, records.Retries, records.Disconnects);
        kafka.FailNextRequests(ProduceRequest, ErrorCode.NotEnoughReplicas, ErrorsInARow);
        kafka.FailNextRequests(ProduceRequest, ErrorCode.Local_Transport, 1); // the emulator then closes the connection
        kafka.FailNextRequests(FetchRequest, ErrorCode.NotLeaderForPartition, ErrorsInARow);
        return await SeenAsync(() => records.Retries > before || records.Disconnects > disconnects, cancellationToken) ? "requests failed and were sent again" : null;
    }

    private async Task<string?> TerminateBackendsAsync()
    {
        await using var connection = new NpgsqlConnection(system.DirectPostgres + ";Pooling=false");
        await connection.OpenAsync();
        await using var terminate = new NpgsqlCommand(
            "select count(*) from (select pg_terminate_backend(pid) as done from pg_stat_activity where datname = current_database() and application_name <> 'chaos watcher' and pid <> pg_backend_pid() and backend_type = 'client backend') t where done", connection);
        var count = (long)(await terminate.ExecuteScalarAsync())!;
        return count > 0 ? $"{count} connections to Postgres were ended by the server" : null;
    }

    private async Task<string?> StopPostgresAsync(PlannedFault fault, CancellationToken cancellationToken)
    {
        var (before, done) = (http.Unanswered, watcher.Done);
        await system.Postgres.StopAsync(immediately: true);
        await Task.Delay(TimeSpan.FromSeconds(fault.Seconds), cancellationToken);
        await system.Postgres.StartAsync(cancellationToken);
        return await SeenAsync(() => http.Unanswered > before || watcher.Done > done, cancellationToken) ? $"Postgres crashed and was away for {fault.Seconds:0.0} s; {http.Unanswered - before} requests went unanswered" : null;
    }

    private static async Task<string?> CutAsync(Proxy proxy, CancellationToken cancellationToken)
    {
        // Just after another fault there may be no connection yet that could be cut.
        var (accepted, cut) = (0L, 0);
        bool Cut()
        {
            accepted = proxy.Accepted;
            cut = proxy.Cut();
            return cut > 0;
        }

        return await SeenAsync(Cut, cancellationToken) && await SeenAsync(() => proxy.Accepted > accepted, cancellationToken)
            ? $"{cut} connections between {proxy.Name} were reset, and made again" : null;
    }

    private static async Task<string?> DelayAsync(Proxy proxy, double seconds, CancellationToken cancellationToken)
    {
        var before = proxy.Delayed;
        proxy.Delay = TimeSpan.FromMilliseconds(150);
        await Task.Delay(TimeSpan.FromSeconds(seconds), cancellationToken);
        proxy.Delay = TimeSpan.Zero;
        return proxy.Delayed > before ? $"{proxy.Delayed - before} bytes between {proxy.Name} were held back by 150 ms" : null;
    }

    private async Task<string?> AddPartitionAsync(CancellationToken cancellationToken)
    {
        var epochs = watcher.Epochs;
        await system.Broker.GrowTopicAsync("user-events", ++_partitions, cancellationToken);
        return await SeenAsync(() => watcher.Epochs > epochs, cancellationToken) ? $"user-events has {_partitions} partitions; the new one was taken over" : null;
    }

    private async Task<bool> AnswersAsync(string url)
    {
        try
        {
            using var response = await _probe.GetAsync(new Uri($"{url}/health/live"));
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private static async Task<bool> SeenAsync(Func<bool> effect, CancellationToken cancellationToken, TimeSpan? patience = null)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < (patience ?? EffectPatience); await Task.Delay(50, cancellationToken))
            if (effect())
                return true;
        return false;
    }
}
