using System.Diagnostics;
using System.Text.Json;
using AppHost.Postgres;
using AppHost.Processes;
using AppHost.Running;
using Chaos.Checking;
using Chaos.Load;
using Chaos.Reports;
using Chaos.Schedule;

namespace Chaos.Running;

/// <summary>A run: start, load, faults, rest, judgement.</summary>
internal static class ChaosRun
{
    /// <summary>The emulator drops what a partition does not read within 5 MiB: long before that, the load waits.</summary>
    private const long EmulatorLagLimit = 12_000;

    private const int Callers = 3;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan InFlightPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RecoveryPatience = TimeSpan.FromSeconds(90);

    /// <summary>Runs.</summary>
    /// <param name="options">What to run.</param>
    /// <param name="shared">A Postgres to use, or null to start one.</param>
    /// <param name="patience">How long the system may take to come to rest.</param>
    /// <param name="audit">Whether the audit is run too.</param>
    /// <param name="say">Told what happens.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static async Task<Report> ExecuteAsync(
        ChaosOptions options, PrivatePostgres? shared, TimeSpan patience, bool audit, Action<string> say, CancellationToken cancellationToken)
    {
        var planned = options.Schedule ?? FaultPlan.Make(options.Seed, options.Faults, options.Length, FaultPlan.Choose(options.Kinds ?? [], options.RealKafka));
        var folder = Path.Combine(options.Data, $"run-{DateTime.UtcNow:yyyyMMdd-HHmmss}-{options.Seed}{(options.Plant is null ? "" : "-" + options.Plant)}");
        var began = DateTimeOffset.UtcNow;
        await using var system = await ChaosSystem.StartAsync(options, folder, shared, cancellationToken);
        var journal = new Journal();
        var watcher = new Watcher(system.DirectPostgres, journal);
        using var records = new RecordLoad(system.Broker.BootstrapServers, await Shop.OpenAsync(options.Seed, options.Keys), journal, () => watcher.Lag);
        using var http = new HttpLoad(system.ApiUrl, options.Seed, options.Keys, journal);
        using var injector = new FaultInjector(system, watcher, records, http, options.Silos);
        using var watching = new CancellationTokenSource();
        using var loading = new CancellationTokenSource();
        var watch = watcher.RunAsync(watching.Token);
        var load = Task.WhenAll(
            Task.Run(() => records.RunAsync(options.Rate, options.RealKafka ? long.MaxValue : EmulatorLagLimit, loading.Token), cancellationToken), http.RunAsync(Callers, loading.Token));
        say($"loading {options.Rate} records/s on {system.Silos.Count} silos, {system.Broker.Kind}");

        var faults = new List<InjectedFault>();
        await Task.Delay(WarmUp, cancellationToken);
        var start = journal.Now;
        foreach (var fault in planned)
        {
            if (start + fault.At > journal.Now)
                await Task.Delay(TimeSpan.FromSeconds(start + fault.At - journal.Now), cancellationToken);
            faults.Add(await InjectAsync(fault, injector, watcher, journal, cancellationToken));
            say(faults[^1].ToString());
        }

        while (journal.Now < start + options.Length.TotalSeconds && !cancellationToken.IsCancellationRequested)
            await Task.Delay(100, cancellationToken);
        var (seconds, done) = (journal.Now - start, watcher.Done);
        await loading.CancelAsync();
        await load;
        records.Flush();
        system.BringBack();

        var stuck = await RestAsync(system, watcher, journal, patience, cancellationToken) is { } moving ? $"after {patience.TotalSeconds} s: {moving}" : null;
        double? rested = stuck is null ? journal.Now : null;
        if (rested is not null)
        {
            // Each stream is then read from the store alone: what is wrong only in a new activation would heal with the next record.
            try
            {
                await system.KillSilosAsync(patience + StartPatience, cancellationToken);
                await http.ReadAllAsync();
            }
            catch (TimeoutException e)
            {
                stuck = $"after its silos were killed at rest: {e.Message}";
            }
        }

        say(stuck is null ? "at rest; judging" : $"not at rest: {stuck}");
        await watching.CancelAsync();
        await watch;
        await watcher.LookAsync();
        var history = journal.ToHistory(rested);
        history = history with { Copies = await UnacknowledgedCopies.FindAsync(system.Broker, history, cancellationToken) };
        var recording = new Recording(history, await StoreReader.ReadAsync(system.DirectPostgres) with
        {
            Published = stuck is null ? await PublishedReader.ReadAsync(system.Broker, cancellationToken) : null,
        });
        List<Violation> violations = [.. recording.Check()];
        if (stuck is not null)
            violations.Insert(0, new(ViolationClass.Stuck, stuck, null, []));
        if (stuck is null)
        {
            using var jobs = new JobAudit(system.Broker, system.ApiUrl, patience);
            violations.AddRange(await jobs.RunAsync(cancellationToken));
        }

        if (audit && stuck is null)
            violations.AddRange(await AuditAsync(system, cancellationToken));
        var report = Report.Of(options, began, system.Broker.Kind, planned, faults, recording.History, violations, seconds, done);
        report.Save(options.Reports, recording, options.Keep);
        return report;
    }

    private static async Task<InjectedFault> InjectAsync(PlannedFault fault, FaultInjector injector, Watcher watcher, Journal journal, CancellationToken cancellationToken)
    {
        for (var waited = Stopwatch.StartNew(); watcher.Lag == 0 && waited.Elapsed < InFlightPatience;)
            await Task.Delay(20, cancellationToken);
        var (at, lag, before) = (journal.Now, watcher.Lag, journal.Ends.ToDictionary(e => e.Key, e => e.Value));
        string? effect;
        try
        {
            effect = await injector.InjectAsync(fault, cancellationToken);
        }
        catch (Exception e) when (e is InvalidOperationException or Npgsql.NpgsqlException or Confluent.Kafka.KafkaException)
        {
            return new(fault, at, lag, null, null, e.Message);
        }

        // Recovered: everything that was acknowledged before the fault is durable and checkpointed.
        double? recovered = null;
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < RecoveryPatience && recovered is null; await Task.Delay(50, cancellationToken))
            recovered = watcher.HasReached(before) ? journal.Now - at : null;
        return new(fault, at, lag, lag > 0 ? effect : null, recovered, lag == 0 ? "nothing was in flight" : effect is null ? "no effect was seen" : null);
    }

    private static async Task<string?> RestAsync(ChaosSystem system, Watcher watcher, Journal journal, TimeSpan patience, CancellationToken cancellationToken)
    {
        var moving = "nothing was seen";
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < patience; await Task.Delay(250, cancellationToken))
        {
            if (!watcher.HasReached(journal.Ends))
                moving = watcher.Describe();
            else if (await StoreReader.MovingAsync(system.DirectPostgres) is { } what)
                moving = what;
            else
                return null;
        }

        return moving;
    }

    private static async Task<IEnumerable<Violation>> AuditAsync(ChaosSystem system, CancellationToken cancellationToken)
    {
        var log = Path.Combine(system.Logs, "audit.log");
        await using var audit = await OwnedProcess.StartAsync(
            "audit", Programs.Command("Cli", "audit", "--bootstrap", system.Broker.BootstrapServers, "--postgres", system.DirectPostgres, "--api", system.ApiUrl, "--json"), log);
        var exit = await audit.WaitForExitAsync(cancellationToken);
        if (exit == 0)
            return [];
        var text = await File.ReadAllTextAsync(log, cancellationToken);
        if (!text.StartsWith('{'))
            return [new(ViolationClass.AuditUnfinished, $"the audit ended with {exit}", null, [text])];
        // Exit code 2: the emulator has dropped what is long read, so the audit could not read it again.
        using var json = JsonDocument.Parse(text);
        return exit == 2 ? [] : [.. json.RootElement.GetProperty("findings").EnumerateArray().Select(f => new Violation(ViolationClass.Audit, f.GetString()!, null, []))];
    }
}
