using System.Collections.Concurrent;
using EventStore.Aggregates;
using Orleans.Concurrency;

namespace EventStore.Tests.Aggregates;

public interface IDiaryGrain : IGrainWithStringKey
{
    /// <summary>Takes in a batch that was put into <see cref="DiaryGrain.Inbox"/>: records are not messages between grains.</summary>
    Task Take(Guid batch);

    /// <summary>Takes a record that was put into the inbox again, as from the dead letters; returns what is still wrong with it.</summary>
    Task<string?> Reprocess(Guid record);

    Task<Receipt> Write(CommandId id, string text);

    Task<Receipt> WriteTwice(CommandId id, string text);

    Task<Receipt> WriteOnce(CommandId id, string text);

    Task<Receipt> Fail(CommandId id);

    Task<Receipt> WriteOrThrow(CommandId id, string text);

    Task<DiaryPage> Read();

    [AlwaysInterleave] Task<DiaryPage> ReadIncluding(RecordCoordinates record, TimeSpan atMost);

    Task<string> ReadUnloaded();

    Task<int> LookAhead();

    Task<Guid> Activation();

    Task Leave();
}

[GenerateSerializer, Immutable]
public sealed record DiaryPage([property: Id(0)] string[] Notes, [property: Id(1)] long Version, [property: Id(2)] RecordCoordinates[] Positions);

public sealed class DiaryGrain : AggregateGrain<Diary, DiaryRecord, IDiaryEvent>, IDiaryGrain
{
    public static readonly ConcurrentDictionary<Guid, IncomingRecord<DiaryRecord>[]> Inbox = new();

    public static readonly ConcurrentDictionary<string, ConcurrentQueue<CommittedEvent<IDiaryEvent>>> Committed = new();

    private readonly Guid _activation = Guid.NewGuid();

    public Task Take(Guid batch) => IntakeAsync(Inbox[batch]);

    public async Task<string?> Reprocess(Guid record) => (await ReprocessAsync(Inbox[record].Single()))?.Reason;

    public Task<Receipt> Write(CommandId id, string text) => Execute(id, _ => new Noted(text));

    public Task<Receipt> WriteTwice(CommandId id, string text) => Execute(id, _ => new IDiaryEvent[] { new Noted(text), new Noted(text) });

    public Task<Receipt> WriteOnce(CommandId id, string text) => Execute(id, s =>
        s.Notes.Contains(text) ? Decision.Reject("it is written") : new Noted(text));

    public Task<Receipt> Fail(CommandId id) => Execute(id, _ => throw new FormatException("what the command threw"));

    public Task<Receipt> WriteOrThrow(CommandId id, string text) => Execute(id, s =>
        s.Notes.Contains(text) ? throw new InvalidOperationException("it is written") : new Noted(text));

    public async Task<DiaryPage> Read()
    {
        await LoadAsync();
        return new([.. State.Notes], Version, [.. Positions]);
    }

    public async Task<DiaryPage> ReadIncluding(RecordCoordinates record, TimeSpan atMost)
    {
        await WaitForAsync(record, atMost);
        return new([.. State.Notes], Version, [.. Positions]);
    }

    public Task<string> ReadUnloaded() => Task.FromResult(State.ToString());

    /// <summary>Makes Orleans copy the view to a tentative one and apply an event to it, without committing anything.</summary>
    public async Task<int> LookAhead()
    {
        await LoadAsync();
        var tentative = TentativeState;
        TransitionState(tentative, new(new Noted("ahead"), null!, new Diary(State.Notes.Add("ahead")), null!));
        return tentative.State!.Notes.Count - State.Notes.Count;
    }

    public Task<Guid> Activation() => Task.FromResult(_activation);

    public Task Leave()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    protected override Task OnCommittedAsync(IReadOnlyList<CommittedEvent<IDiaryEvent>> events)
    {
        var queue = Committed.GetOrAdd(Key, _ => new());
        foreach (var e in events)
            queue.Enqueue(e);
        return events.Any(e => e.Event is Noted { Text: "break the hook" })
            ? throw new InvalidOperationException("the hook failed") : Task.CompletedTask;
    }
}
