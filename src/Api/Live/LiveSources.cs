using EventPlatform.AspNetCore.Cluster;
using EventPlatform.AspNetCore.Http;
using EventPlatform.AspNetCore.Jobs;
using EventPlatform.AspNetCore.Projections;
using EventPlatform.AspNetCore.Topics;
using EventPlatform.DeadLetters;
using EventPlatform.Topics;
using EventStore.DeadLetters;

namespace Api.Live;

/// <summary>Asks every part of the system at once; one that does not answer is absent, and said so.</summary>
internal sealed class LiveSources(
    EventTail events, TopicReader topics, IDeadLetterStore deadLetters, ProjectionStatuses projections, JobStatuses jobs, LiveWindows windows,
    SiloCount silos, IReadOnlyList<AggregateSubscription> aggregates, PlatformTopics names, TimeProvider time)
{
    private const int NewestDeadLetters = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // Topics that others fill. What we publish ourselves does not arrive.
    private readonly HashSet<string> _entrances = [.. aggregates.Select(a => names.BrokerNameOf(a.Topic))];

    private readonly RateMeter _produced = new(TimeSpan.FromSeconds(3));

    // Adds up the size of all that they keep: not twice a second.
    private readonly Shared<IReadOnlyList<JobView>> _jobs = new(jobs.ListAsync, TimeSpan.FromSeconds(2), Patience, time);

    // Computed in the turns of the jobs themselves.
    private readonly Shared<IReadOnlyDictionary<string, IReadOnlyList<LiveWindow>>?> _windows = new(windows.ReadAsync, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), time);

    /// <summary>Takes a snapshot; windows, which cost the cluster most, only when someone looks at them.</summary>
    public async Task<LiveSnapshot> TakeAsync(bool withWindows, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var problems = new List<string>();
        var silo = AskAsync("cluster", problems, async ct => (int?)await silos.GetAsync(ct), cancellationToken);
        var topic = AskAsync("Kafka", problems, async ct => await topics.ListAsync(ct), cancellationToken);
        var letters = AskAsync("dead letters", problems, LettersAsync, cancellationToken);
        var states = AskAsync("projections", problems, ProjectionsAsync, cancellationToken);
        var job = AskAsync("jobs", problems, JobsAsync, cancellationToken);
        var window = withWindows ? AskAsync("windows", problems, _windows.GetAsync, cancellationToken) : Task.FromResult<IReadOnlyDictionary<string, IReadOnlyList<LiveWindow>>?>(null);
        var tail = AskAsync("Postgres", problems, async ct =>
        {
            await events.ReadAsync(now, ct);
            return events;
        }, cancellationToken);
        await Task.WhenAll(silo, topic, letters, states, tail, job, window);

        IReadOnlyList<TopicView>? read = (await topic)?.Where(t => t.Lag is not null).ToArray();
        var newest = await tail;
        return new LiveSnapshot(now, await silo, read is null ? null : _produced.Add(now, read.Where(t => _entrances.Contains(t.Name)).Sum(t => t.Partitions.Sum(p => p.High))),
            newest?.Rate, newest?.Percentile(0.5), newest?.Percentile(0.99), read?.Sum(t => t.Lag ?? 0), read, await letters, await states,
            await job, await window, newest?.Users, newest?.Accounts, problems);
    }

    private async Task<IReadOnlyList<LiveProjection>?> ProjectionsAsync(CancellationToken cancellationToken) =>
        [.. (await projections.GetAsync(cancellationToken)).Select(p => new LiveProjection(p.Name, p.Version, p.State, p.Lag, p.Error?.Message))];

    private async Task<IReadOnlyList<LiveJob>?> JobsAsync(CancellationToken cancellationToken) =>
        [.. (await _jobs.GetAsync(cancellationToken)).Select(j => new LiveJob(j.Job, j.State, j.Window, j.WatermarkDelay, j.Records, j.Late, j.Keys))];

    private async Task<LiveDeadLetters?> LettersAsync(CancellationToken cancellationToken)
    {
        var open = new DeadLetterFilter(Status: DeadLetterStatus.Open);
        var newest = await deadLetters.ListAsync(open, null, NewestDeadLetters, cancellationToken);
        var count = newest.Count < NewestDeadLetters ? newest.Count : await deadLetters.CountAsync(open, cancellationToken);
        return new LiveDeadLetters(count, [.. newest.Select(d => new LiveDeadLetter(
            d.Id, d.Letter.Record.ToString(), d.Letter.Kind.ToString(), d.Letter.Reason, d.Letter.Key, d.CreatedAt))]);
    }

    private async Task<T?> AskAsync<T>(string part, List<string> problems, Func<CancellationToken, Task<T?>> ask, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            return await ask(limit.Token).WaitAsync(Patience, time, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            lock (problems)
                problems.Add($"{part}: {(e is OperationCanceledException or TimeoutException ? "does not answer" : e.Message)}");
            return default;
        }
    }
}
