using System.Collections.Immutable;
using EventStore.Aggregates;

namespace EventStore.Tests.Aggregates;

public interface IDiaryEvent;

[EventName("noted")]
public sealed record Noted(string Text) : IDiaryEvent;

[EventName("page-torn-out")]
public sealed record PageTornOut : IDiaryEvent;

/// <summary>An event that JSON cannot write.</summary>
[EventName("endless")]
public sealed record Endless : IDiaryEvent
{
    public Endless Myself => this;
}

public enum Entry
{
    Note,
    Twice,
    NoteOnce,
    Nothing,
    Refuse,
    ThrowInDecide,
    ThrowInApply,
    GiveEndless,
    RunOutOfMemory,
}

public sealed record DiaryRecord(Entry Entry, string Text);

public sealed record Diary(ImmutableList<string> Notes) : IAggregate<Diary, DiaryRecord, IDiaryEvent>
{
    public static Diary Initial { get; } = new(ImmutableList<string>.Empty);

    public static int StateVersion => 3;

    public static Decision<IDiaryEvent> Decide(Diary s, DiaryRecord r) => r.Entry switch
    {
        Entry.Note => new Noted(r.Text),
        Entry.Twice => new IDiaryEvent[] { new Noted(r.Text), new Noted(r.Text + " again") },
        Entry.NoteOnce => s.Notes.Contains(r.Text) ? throw new InvalidOperationException("it is written") : new Noted(r.Text),
        Entry.Refuse => Decision.Reject(r.Text),
        Entry.ThrowInDecide => throw new FormatException(r.Text),
        Entry.ThrowInApply => new IDiaryEvent[] { new Noted("never kept"), new PageTornOut() },
        Entry.GiveEndless => new Endless(),
        Entry.RunOutOfMemory => throw new OutOfMemoryException(),
        _ => Decision.Ignore(r.Text),
    };

    public static Diary Apply(Diary s, IDiaryEvent e) => e switch
    {
        Noted noted => new(s.Notes.Add(noted.Text)),
        PageTornOut => throw new InvalidOperationException("this page cannot be torn out"),
        _ => s,
    };
}
