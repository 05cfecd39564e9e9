using CsCheck;
using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.DeadLetters;

namespace EventStore.Tests.Aggregates;

/// <summary>What the store holds of a diary in the end.</summary>
public sealed record DiaryContents(
    IReadOnlyList<StoredEvent> Events, IReadOnlyList<(long Offset, LedgerOutcome Outcome)> Ledger,
    IReadOnlyList<(long Offset, DeadLetterKind Kind)> DeadLetters, long Position);

/// <summary>
/// Random logs of records (with repeated ids, other content under a known id, poison and what Postgres refuses), delivered in
/// random batches with redeliveries, restarts, outages, lost answers, other writers and commands sent twice. In the end, the
/// store holds exactly what the log means, in its order.
/// </summary>
public static class IntakeProperty
{
    public sealed record Line(Entry Entry, string Text, int Id);

    public sealed record Step(int Size, int Overlap, Fault? Fault, bool Restart, bool Command);

    // What stands here more than once comes more often.
    private static readonly Gen<Line> Lines = Gen.Select(
        OneOf(Entry.Note, Entry.Note, Entry.Note, Entry.Note, Entry.Twice, Entry.NoteOnce, Entry.Nothing, Entry.Refuse,
               Entry.ThrowInDecide, Entry.ThrowInApply, Entry.GiveEndless),
        OneOf("a", "b", "c", "not \0 storable"), Gen.Int[0, 9], (entry, text, id) => new Line(entry, text, id));

    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Int[1, 5], Gen.Int[0, 3],
        OneOf<Fault?>(null, null, null, Fault.Unavailable, Fault.AnswerLost, Fault.AnswerLost, Fault.Overtaken, Fault.Unreadable),
        Gen.Bool, Gen.Bool, (size, overlap, fault, restart, command) => new Step(size, overlap, fault, restart, command));

    public static Task HoldsAsync(Func<DiaryDriver> newDiary, Func<DiaryDriver, Task<DiaryContents>> read, int iterations) =>
        Gen.Select(Lines.Array[1, 16], Steps.Array[1, 8]).SampleAsync(
            (log, steps) => CheckAsync(newDiary(), log, steps, read), iter: iterations, writeLine: TestContext.Current.TestOutputHelper!.WriteLine);

    private static async Task CheckAsync(DiaryDriver diary, Line[] log, Step[] steps, Func<DiaryDriver, Task<DiaryContents>> read)
    {
        var records = log.Select((line, offset) => diary.At(offset, line.Entry, line.Text, $"id{line.Id}")).ToArray();
        var commands = await DeliverAsync(diary, records, steps);
        var expected = Meaning(log);

        var actual = await read(diary);
        var fromRecords = actual.Events.Where(e => e.Source?.Record is not null).ToList();
        Assert.Equal(expected.Events, fromRecords.Select(e => (e.Source!.Record!.Value.Offset, e.Source.Index)));
        Assert.Equal(fromRecords.Select(e => EventIds.OfEvent(EventIds.OfRecord(records[e.Source!.Record!.Value.Offset].EventId!), e.Source.Index)), fromRecords.Select(e => e.Id));
        Assert.Equal(expected.Ledger, actual.Ledger.Order());
        Assert.Equal(expected.DeadLetters, actual.DeadLetters.Order());
        Assert.Equal(log.Length - 1, actual.Position);
        Assert.Equal(commands, actual.Events.Count(e => e.Source?.CommandId?.StartsWith("command", StringComparison.Ordinal) == true));

        var page = await diary.Grain.Read();
        Assert.Equal(actual.Events.Select(e => ((Noted)new SealingSerializer().Deserialize(diary.StreamKey, e.Data, typeof(Noted))).Text), page.Notes);
        Assert.Equal(actual.Events.Select(e => e.Version), Enumerable.Range(1, (int)page.Version).Select(v => (long)v));
    }

    /// <summary>Delivers at least once, as the stream provider does; returns the number of commands.</summary>
    private static async Task<int> DeliverAsync(DiaryDriver diary, IncomingRecord<DiaryRecord>[] records, Step[] steps)
    {
        var (acknowledged, commands) = (0, 0);
        for (var i = 0; acknowledged < records.Length; i++)
        {
            var step = i < steps.Length ? steps[i] : new Step(5, 0, null, false, false);
            if (step.Fault is { } fault)
                diary.Break(fault);
            if (step.Restart)
                await diary.RestartAsync();
            var end = Math.Min(acknowledged + step.Size, records.Length);
            if (await SucceedsAsync(() => diary.TakeAsync(records[Math.Max(0, acknowledged - step.Overlap)..end])))
                acknowledged = end;
            if (step.Command)
                await SendUntilAnsweredAsync(diary, $"command {commands++}");
        }

        diary.Mend();
        return commands;
    }

    private static async Task SendUntilAnsweredAsync(DiaryDriver diary, string command)
    {
        while (!await SucceedsAsync(() => diary.Grain.Write(new(command), command)))
        {
            // Each failure uses up one of the scheduled faults.
        }

        Assert.True((await RepeatAsync()).Repeated);

        async Task<Receipt> RepeatAsync()
        {
            diary.Mend();
            return await diary.Grain.Write(new(command), command);
        }
    }

    private static async Task<bool> SucceedsAsync(Func<Task> act)
    {
        try
        {
            await act();
            return true;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }

    /// <summary>The model: what a log means, one record after the other.</summary>
    private static (List<(long, int)> Events, List<(long, LedgerOutcome)> Ledger, List<(long, DeadLetterKind)> DeadLetters) Meaning(Line[] log)
    {
        var (events, ledger, letters) = (new List<(long, int)>(), new List<(long, LedgerOutcome)>(), new List<(long, DeadLetterKind)>());
        var (known, notes) = (new Dictionary<int, (Entry, string)>(), new HashSet<string>());
        for (var offset = 0; offset < log.Length; offset++)
        {
            var line = log[offset];
            if (known.TryGetValue(line.Id, out var first))
            {
                if (first == (line.Entry, line.Text))
                    ledger.Add((offset, LedgerOutcome.Duplicate));
                else
                    letters.Add((offset, DeadLetterKind.IdConflict));
                continue;
            }

            switch (line.Entry)
            {
                case Entry.ThrowInDecide or Entry.ThrowInApply or Entry.GiveEndless:
                case Entry.NoteOnce when notes.Contains(line.Text):
                    letters.Add((offset, DeadLetterKind.AggregateFailed));
                    continue;
                case Entry.Note or Entry.Twice or Entry.NoteOnce when line.Text.Contains('\0'):
                    letters.Add((offset, DeadLetterKind.Unstorable));
                    continue;
                case Entry.Note or Entry.NoteOnce:
                    notes.Add(line.Text);
                    events.Add((offset, 0));
                    break;
                case Entry.Twice:
                    notes.Add(line.Text);
                    events.AddRange([(offset, 0), (offset, 1)]);
                    break;
                default:
                    ledger.Add((offset, line.Entry == Entry.Refuse ? LedgerOutcome.Rejected : LedgerOutcome.Ignored));
                    break;
            }

            known.Add(line.Id, (line.Entry, line.Text));
        }

        return (events, ledger, letters);
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
