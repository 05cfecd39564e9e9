using AppHost.Control;
using AppHost.Processes;

namespace AppHost.Running;

/// <summary>The whole system on this machine: starts its parts, keeps them running, and stops them in reverse order.</summary>
public sealed class SystemHost(UpOptions options, Narrator narrator, ILoggerFactory loggers, TimeProvider time) : IAsyncDisposable
{
    // What the API has begun to answer needs silos; one that takes longer than this is not waited for twice.
    private static readonly TimeSpan HeadStart = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly List<Supervisor> _parts = [];
    private Endpoints _endpoints = new();
    private Broker? _broker;
    private ControlEndpoint? _control;

    /// <summary>Starts everything and returns when it is ready, and when the load's first event is on the page or does not come.</summary>
    /// <exception cref="InvalidOperationException">The system cannot start; the message says why.</exception>
    public async Task<Endpoints> StartAsync(CancellationToken cancellationToken)
    {
        var (begin, since) = (time.GetTimestamp(), time.GetUtcNow());
        var (store, broker) = ((Store)null!, (Broker)null!);
        await Together.AllAsync([async stop => store = await OpenStoreAsync(stop), async stop => broker = await OpenBrokerAsync(stop)], cancellationToken);
        _control = await ControlEndpoint.StartAsync(broker.Own, BringBack);
        var plan = new Plan(options, store, broker);
        Publish(plan.Describe(_control.Address));

        await Together.AllAsync(
            plan.Silos.Append((Part: plan.Api, Url: plan.ApiUrl)).Select(p => (Func<CancellationToken, Task>)(stop => RunAsync(p.Part, $"{p.Url}/health/ready", p.Url, stop))), cancellationToken);
        if (plan.Load is { } load)
        {
            await WatchAsync(load, cancellationToken);
            var user = await narrator.StepAsync("first event",
                () => FirstEvent.OfUserAsync(plan.ApiUrl, since, time, cancellationToken), u => u is not null
                    ? $"of user {u}: {plan.ApiUrl}/users/{u}"
                    : $"none yet; see {plan.ApiUrl}/health/ready. The load's last words, from {load.LogFile}:{Environment.NewLine}{LogTail.Of(load.LogFile)}");
            if (user is not null)
                narrator.Say($"The first event was on the page {time.GetElapsedTime(begin).TotalSeconds:0.0} s after the start.");
            Publish(_endpoints with { SampleUser = user });
        }

        Publish(_endpoints with { Ready = true });
        return _endpoints;
    }

    /// <summary>Stops everything: who uses others before them, and beside each other those that do not use each other.</summary>
    public async ValueTask DisposeAsync()
    {
        Supervisor[] parts;
        lock (_lock)
            parts = [.. _parts];
        // First of all: a Postgres that stands still would keep silos from ending.
        foreach (var pid in parts.Select(p => p.Part.Pid).OfType<int>())
            Signals.Wake(pid);
        var clients = Task.WhenAll(parts.Where(p => p.Part is ProgramPart && !IsSilo(p.Part)).Select(StopAsync));
        await Task.WhenAny(clients, Task.Delay(HeadStart, time));
        await Task.WhenAll(parts.Where(p => IsSilo(p.Part)).Select(StopAsync).Append(clients));
        await Task.WhenAll(parts.Where(p => p.Part is not ProgramPart).Select(StopAsync));
        if (_control is not null)
            await _control.DisposeAsync();
        if (_broker?.Own is { } broker)
            await broker.DisposeAsync();
        Endpoints.Delete(options.Data);
    }

    private static bool IsSilo(IPart part) => part.Name.StartsWith("silo-", StringComparison.Ordinal);

    private async Task StopAsync(Supervisor supervisor)
    {
        if (!await supervisor.StopAsync())
            narrator.Say($"{supervisor.Part.Name} had not ended after {OwnedProcess.StopPatience.TotalSeconds} s and was killed; its log: {supervisor.Part.LogFile}");
    }

    private Task<Store> OpenStoreAsync(CancellationToken cancellationToken) => narrator.StepAsync("Postgres", async () =>
    {
        var store = await Store.OpenAsync(options, cancellationToken);
        if (store.Server is { } server)
            Add(server).Watch();
        return store;
    }, store => store.Description);

    private Task<Broker> OpenBrokerAsync(CancellationToken cancellationToken) => narrator.StepAsync("Kafka", async () =>
    {
        _broker = await Broker.OpenAsync(options, cancellationToken);
        if (_broker.Own is IPart process)
            Add(process).Watch();
        return _broker;
    }, broker => broker.Description);

    private Task<string?> RunAsync(IPart part, string ready, string address, CancellationToken cancellationToken) => narrator.StepAsync(part.Name, async () =>
    {
        var supervisor = await WatchAsync(part, cancellationToken);
        return await Readiness.WaitAsync(supervisor, ready, time, cancellationToken);
    }, problem => problem is null ? address : $"{address}, not ready yet: {problem}");

    private async Task<Supervisor> WatchAsync(IPart part, CancellationToken cancellationToken)
    {
        var supervisor = Add(part);
        await supervisor.StartAsync(cancellationToken);
        return supervisor;
    }

    private Supervisor Add(IPart part)
    {
        var supervisor = new Supervisor(part, time, loggers.CreateLogger<Supervisor>(), () => Publish(_endpoints));
        lock (_lock)
            _parts.Add(supervisor);
        return supervisor;
    }

    private string[] BringBack()
    {
        lock (_lock)
            return [.. _parts.Where(p => p.BringBack()).Select(p => p.Part.Name)];
    }

    // Called whenever a process has changed, so the file always names those that run.
    private void Publish(Endpoints endpoints)
    {
        lock (_lock)
        {
            var host = ProcessIdentity.Of(Environment.ProcessId)!;
            int? Pid(string name) => _parts.FirstOrDefault(p => p.Part.Name == name)?.Part.Pid;
            _endpoints = endpoints with
            {
                ApphostPid = host.Pid,
                ApiPid = Pid("api"),
                ProducerPid = Pid("load"),
                SiloPids = [.. _parts.Where(p => IsSilo(p.Part)).Select(p => p.Part.Pid).OfType<int>()],
                Processes = [new("apphost", host.Pid, host.Start, 0, options.Log("apphost")), .. _parts.Select(Describe)],
            };
            _endpoints.Write(options.Data);
        }
    }

    private static RunningProcess Describe(Supervisor supervisor)
    {
        var identity = supervisor.Part.Pid is { } pid ? ProcessIdentity.Of(pid) : null;
        return new RunningProcess(supervisor.Part.Name, identity?.Pid, identity?.Start, supervisor.Restarts, supervisor.Part.LogFile);
    }
}
