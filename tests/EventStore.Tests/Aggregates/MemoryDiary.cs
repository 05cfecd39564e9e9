using EventStore.DeadLetters;

namespace EventStore.Tests.Aggregates;

/// <summary>A diary whose store the test can look into.</summary>
public sealed class MemoryDiary(IDiaryGrain grain, MemoryEventStore store, FaultyStore faults, string key) : DiaryDriver(grain, faults, key)
{
    public MemoryEventStore.MemoryStream Stored => store[StreamKey];

    public IEnumerable<string> StoredNotes => Stored.Events.Select(e =>
        ((Noted)new SealingSerializer().Deserialize(StreamKey, e.Data, typeof(Noted))).Text);

    public IEnumerable<(long Offset, DeadLetterKind Kind)> StoredDeadLetters =>
        Stored.DeadLetters.Values.Select(d => (d.Record.Offset, d.Kind)).Order();

    /// <summary>Exactly these notes, in the store and in the grain alike, and the same version and positions in both.</summary>
    public async Task ShouldHoldAsync(params string[] notes)
    {
        var page = await Grain.Read();
        Assert.Equal(notes, page.Notes);
        Assert.Equal(notes, StoredNotes);
        Assert.Equal(Stored.Version, page.Version);
        Assert.Equal(Stored.Positions.Values.ToHashSet(), page.Positions.ToHashSet());
    }
}
