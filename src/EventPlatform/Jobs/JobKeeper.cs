using System.Collections.Concurrent;
using EventStore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime.Placement;
using Orleans.Streams.Kafka;
using StreamJobs.Checkpoints;
using StreamJobs.Running;

namespace EventPlatform.Jobs;

/// <summary>
/// Sees to it that jobs run where nothing comes, and tells mergers when partitions have moved on: often, but no job more than every few hundredths of a second.
/// </summary>
internal sealed partial class JobKeeper(
    JobStore store, JobDirectory jobs, JobNudges nudges, IGrainFactory grains, IKafkaStreamsStatus status, ILocalSiloDetails silo, IOptions<JobOptions> options,
    TimeProvider time, ILogger<JobKeeper> logger)
    : BackgroundService, IHostedLifecycleService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(1);

    /// <summary>How many times as long as a merging took this silo asks for none after it: on a busy machine there is more to merge each time, less often.</summary>
    private const int Rest = 3;
    private static readonly TimeSpan TrimEvery = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, Task> _running = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _failing = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (long Since, TimeSpan For)> _rests = new(StringComparer.Ordinal);
    private readonly ILogger _logger = logger;
    private bool _saidTablesWait;

    // Before anything starts that may read a topic. The event store has waited for the database by then, which may go away again.
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        while (!await TryCreateTablesAsync(cancellationToken))
            await Task.Delay(Round, time, cancellationToken);
        if (options.Value.LakeFolder is null && jobs.All.Where(j => j.IsInLake).Select(j => j.Name).ToArray() is { Length: > 0 } waiting)
            LogNoLake(string.Join(", ", waiting));
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<bool> TryCreateTablesAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var job in await store.CreateTablesAsync(jobs.All, cancellationToken))
                LogViewKept(job);
            return true;
        }
        catch (Exception e) when (TransientErrors.IsTransient(e) && !cancellationToken.IsCancellationRequested)
        {
            if (!_saidTablesWait)
                LogTablesWait(e);
            _saidTablesWait = true;
            return false;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (round, trimmed) = ((long?)null, (long?)null); // timestamps: a wall clock may be set back
        var age = new ResultAge(store);
        while (!stoppingToken.IsCancellationRequested)
        {
            var woken = await nudges.WaitAsync(Round, time, stoppingToken).ConfigureAwait(false);
            if (IsDue(round, Round))
            {
                round = time.GetTimestamp();
                Ensure();
                foreach (var job in jobs.All.Where(j => j.IsInLake && options.Value.LakeFolder is not null))
                    Run($"lake of {job.Name}", () => grains.GetGrain<IJobLakeGrain>(job.Name).NudgeAsync(), () => { });
                woken = [.. jobs.All.Where(j => j.IsMerged).Select(j => j.Name)];
            }

            if (IsDue(trimmed, TrimEvery))
            {
                trimmed = time.GetTimestamp();
                foreach (var job in jobs.All.Where(j => j.ResultsKept is not null))
                    Run($"age of {job.Name}'s results", () => age.TrimAsync(job, stoppingToken), () => { });
            }

            foreach (var job in woken.Where(j => jobs.Find(j) is { IsMerged: true }))
                Merge(job);
            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private bool IsDue(long? last, TimeSpan every) => last is not { } at || time.GetElapsedTime(at) >= every;

    private void Ensure()
    {
        foreach (var partition in status.Partitions.Where(p => p.Provider == JobStreams.Provider))
        {
            if (partition is not { Incarnation: { } incarnation, Position: { } position and >= 0 })
                continue;
            var key = JobStreams.Key(JobStreams.TopicOf(partition.Stream), partition.Partition);
            Run(key, () => EnsureHereAsync(grains.GetGrain<IJobPartitionGrain>(key), incarnation, position), () => { });
        }
    }

    /// <summary>The partition is read here: its grain is placed here, and comes here from anywhere else.</summary>
    private Task EnsureHereAsync(IJobPartitionGrain grain, string incarnation, long position)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo.SiloAddress);
        try
        {
            return grain.EnsureAsync(incarnation, position);
        }
        finally
        {
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }
    }

    private void Merge(string job)
    {
        if (_rests.TryGetValue(job, out var rest) && time.GetElapsedTime(rest.Since) < rest.For)
            nudges.Add(job);
        else
            Run(job, MergeAsync, () => nudges.Add(job));

        async Task MergeAsync()
        {
            var began = time.GetTimestamp();
            await grains.GetGrain<IJobMergerGrain>(job).NudgeAsync();
            var length = time.GetElapsedTime(began) * Rest;
            _rests[job] = (time.GetTimestamp(), length < LongestRest ? length : LongestRest);
        }
    }

    /// <summary>One call at a time; what asks meanwhile is asked again afterwards.</summary>
    private void Run(string key, Func<Task> call, Action again)
    {
        if (_running.TryGetValue(key, out var former) && !former.IsCompleted)
        {
            again();
            return;
        }

        _running[key] = CallAsync(key, call);
    }

    private async Task CallAsync(string key, Func<Task> call)
    {
        try
        {
            await call();
            if (_failing.TryRemove(key, out _))
                LogWorking(key);
        }
        catch (Exception e)
        {
            // The next round tries again.
            if (_failing.TryAdd(key, true))
                LogFailing(key, e);
        }
    }

    [LoggerMessage(3022, LogLevel.Warning, "The results of job '{Job}' have other fields now, but the view of them in the database stays as it was, because something is built upon it. Drop that, and start again")]
    private partial void LogViewKept(string job);

    [LoggerMessage(3024, LogLevel.Warning, "The jobs' tables cannot be looked at now; the start waits, and looks again every two seconds (said once)")]
    private partial void LogTablesWait(Exception exception);

    [LoggerMessage(3023, LogLevel.Warning, "Jobs:LakeFolder is not set, so the lake of these jobs is not written; their results wait in the database: {Jobs}")]
    private partial void LogNoLake(string jobs);

    [LoggerMessage(3020, LogLevel.Warning, "Jobs: '{Key}' cannot be run now; it is tried again every two seconds (said once)")]
    private partial void LogFailing(string key, Exception exception);

    [LoggerMessage(3021, LogLevel.Information, "Jobs: '{Key}' runs again")]
    private partial void LogWorking(string key);
}

/// <summary>Jobs whose partitions have moved on.</summary>
internal sealed class JobNudges
{
    private readonly ConcurrentDictionary<string, bool> _jobs = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _any = new(0, 1);

    public void Add(string job)
    {
        if (!_jobs.TryAdd(job, true))
            return;
        try
        {
            _any.Release();
        }
        catch (SemaphoreFullException)
        {
            // Someone else has woken the keeper already.
        }
    }

    public async Task<IReadOnlyList<string>> WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(atMost, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await _any.WaitAsync(both.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var jobs = _jobs.Keys.ToArray();
        foreach (var job in jobs)
            _jobs.TryRemove(job, out _);
        return jobs;
    }
}
