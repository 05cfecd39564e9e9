using System.Collections.Concurrent;
using EventStore.Appending;

namespace EventStore.Tests.Aggregates;

public enum Fault
{
    /// <summary>The store is away before the write.</summary>
    Unavailable,

    /// <summary>The write is done, but nobody hears of it.</summary>
    AnswerLost,

    /// <summary>Another writer appends an event first.</summary>
    Overtaken,

    /// <summary>The database refuses, whatever it is.</summary>
    Refused,

    /// <summary>The store is away when the stream is read.</summary>
    Unreadable,
}

/// <summary>An event store, in memory or real, that can be told to fail per stream, and counts what it is asked.</summary>
public sealed class FaultyStore(IGroupCommit commit, IStreamLoader loader) : IGroupCommit, IStreamLoader
{
    private readonly ConcurrentDictionary<string, ConcurrentQueue<Fault>> _faults = new();
    private readonly ConcurrentDictionary<string, int> _attempts = new();

    /// <summary>Streams whose reads wait until this ends.</summary>
    public ConcurrentDictionary<string, Task> Stalled { get; } = new();

    /// <summary>Schedules faults: the next appends (or loads) of a stream meet one each.</summary>
    public void Break(string streamKey, params Fault[] faults)
    {
        foreach (var fault in faults)
            _faults.GetOrAdd(streamKey, _ => new()).Enqueue(fault);
    }

    /// <summary>Forgets the faults that have not happened.</summary>
    public void Mend(string streamKey) => _faults.TryRemove(streamKey, out _);

    /// <summary>How often an append to the stream was tried.</summary>
    public int Attempts(string streamKey) => _attempts.GetValueOrDefault(streamKey);

    public async ValueTask<AppendVerdict> AppendAsync(StreamAppend append, CancellationToken cancellationToken = default)
    {
        await Task.Yield(); // As from a database, the answer comes on another turn.
        _attempts.AddOrUpdate(append.StreamKey, 1, (_, n) => n + 1);
        switch (Next(append.StreamKey, reading: false))
        {
            case Fault.Unavailable:
                throw new StoreUnavailableException("the store is away", new Npgsql.NpgsqlException("connection refused"));
            case Fault.AnswerLost:
                await commit.AppendAsync(append, cancellationToken);
                throw new StoreUnavailableException("the answer was lost");
            case Fault.Overtaken:
                await AppendForeignAsync(append.StreamKey, append.ExpectedVersion, "noted", """{"text":"from elsewhere"}""");
                break;
            case Fault.Refused:
                return new AppendVerdict.Refused("it does not like it", "XX000");
        }

        return await commit.AppendAsync(append, cancellationToken);
    }

    public async ValueTask<StreamContents> LoadAsync(
        string streamKey, string aggregateName, int stateVersion, long? afterVersion, CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        if (Stalled.TryGetValue(streamKey, out var stall))
            await stall.WaitAsync(cancellationToken);
        return Next(streamKey, reading: true) is null
            ? await loader.LoadAsync(streamKey, aggregateName, stateVersion, afterVersion, cancellationToken)
            : throw new StoreUnavailableException("the store is away", new Npgsql.NpgsqlException("connection refused"));
    }

    /// <summary>Appends an event as another program would.</summary>
    public async Task AppendForeignAsync(string streamKey, long expectedVersion, string typeName, string json) => await commit.AppendAsync(new()
    {
        StreamKey = streamKey,
        AggregateName = "diary",
        ExpectedVersion = expectedVersion,
        Events = [new(Guid.NewGuid(), typeName, SealingSerializer.Seal(json), new(null, "another program", "-"))],
    });

    private Fault? Next(string streamKey, bool reading) =>
        _faults.TryGetValue(streamKey, out var faults) && faults.TryPeek(out var next) && next == Fault.Unreadable == reading
        && faults.TryDequeue(out next) ? next : null;
}
