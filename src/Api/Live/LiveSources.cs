using Api.Cluster;
using Api.Topics;
using EventStore.DeadLetters;

namespace Api.Live;

/// <summary>Asks every part of the system at once; one that does not answer is absent, and said so.</summary>
internal sealed class LiveSources
{
    private const int NewestDeadLetters = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly EventTail _tail;
    private readonly TopicReader _topics;
    private readonly IDeadLetterStore _deadLetters;
    private readonly SiloCount _silos;
    private readonly TimeProvider _time;
    private readonly RateMeter _produced = new(TimeSpan.FromSeconds(3));

    public LiveSources(EventTail tail, TopicReader topics, IDeadLetterStore deadLetters, SiloCount silos, TimeProvider time) =>
        (_tail, _topics, _deadLetters, _silos, _time) = (tail, topics, deadLetters, silos, time);

    public async Task<LiveSnapshot> TakeAsync(CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var problems = new List<string>();
        var silos = AskAsync("cluster", problems, async ct => (int?)await _silos.GetAsync(ct), cancellationToken);
        var topics = AskAsync("Kafka", problems, async ct => await _topics.ListAsync(ct), cancellationToken);
        var letters = AskAsync("dead letters", problems, LettersAsync, cancellationToken);
        var tail = AskAsync("Postgres", problems, async ct =>
        {
            await _tail.ReadAsync(now, ct);
            return _tail;
        }, cancellationToken);
        await Task.WhenAll(silos, topics, letters, tail);

        IReadOnlyList<TopicView>? read = (await topics)?.Where(t => t.Lag is not null).ToArray();
        var events = await tail;
        return new LiveSnapshot(now, await silos, read is null ? null : _produced.Add(now, read.Sum(t => t.Partitions.Sum(p => p.High))),
            events?.Rate, events?.Percentile(0.5), events?.Percentile(0.99), read?.Sum(t => t.Lag ?? 0), read, await letters, [],
            events?.Users, events?.Accounts, problems);
    }

    private async Task<LiveDeadLetters?> LettersAsync(CancellationToken cancellationToken)
    {
        var open = new DeadLetterFilter(Status: DeadLetterStatus.Open);
        var newest = await _deadLetters.ListAsync(open, null, NewestDeadLetters, cancellationToken);
        var count = newest.Count < NewestDeadLetters ? newest.Count : await _deadLetters.CountAsync(open, cancellationToken);
        return new LiveDeadLetters(count, [.. newest.Select(d => new LiveDeadLetter(
            d.Id, d.Letter.Record.ToString(), d.Letter.Kind.ToString(), d.Letter.Reason, d.Letter.Key, d.CreatedAt))]);
    }

    private async Task<T?> AskAsync<T>(string part, List<string> problems, Func<CancellationToken, Task<T?>> ask, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            return await ask(limit.Token).WaitAsync(Patience, _time, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            lock (problems)
                problems.Add($"{part}: {(e is OperationCanceledException or TimeoutException ? "does not answer" : e.Message)}");
            return default;
        }
    }
}
