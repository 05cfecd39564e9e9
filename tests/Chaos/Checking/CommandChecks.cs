using Contracts.Accounts;

namespace Chaos.Checking;

/// <summary>A command that was answered is stored as it was answered, once; one that was not answered at most once.</summary>
internal static class CommandChecks
{
    public static IEnumerable<Violation> Check(Facts facts)
    {
        // The courier's commands are the system's own.
        var stored = facts.Store.Events.Where(e => e is { Command: not null, Index: 0 }).ToLookup(e => (e.StreamKey, e.Command!));
        var refused = facts.Store.Ledger.Where(l => l.Command is not null).ToLookup(l => (l.StreamKey, l.Command!));
        var sent = facts.History.Commands.ToLookup(c => (c.StreamKey, c.Id));
        foreach (var command in facts.History.Commands)
        {
            var events = stored[(command.StreamKey, command.Id)].ToArray();
            var rows = refused[(command.StreamKey, command.Id)].Count(l => l.Outcome != LedgerRow.Duplicate);
            string[] story = [FormattableString.Invariant($"sent at {command.Begin:0.000} s, {command.Answer} at {command.End:0.000} s, version {command.Version}"), .. events.Select(e => $"event {e.Sequence}: {e.Type}, version {e.Version}")];
            if (events.Length + rows > 1)
                yield return new(ViolationClass.CommandTwice, $"command {command.Id} on {command.StreamKey} has {events.Length} first events and {rows} rows of the ledger", null, story);
            if (command.Answer == Answer.Accepted && events.Length == 0)
                yield return new(ViolationClass.CommandLost, $"command {command.Id} on {command.StreamKey} was accepted, but nothing is stored", null, story);
            else if (command.Answer == Answer.Accepted && events[0].Version > command.Version)
                yield return new(ViolationClass.CommandLost, $"command {command.Id} on {command.StreamKey} was answered with version {command.Version}, but is stored as {events[0].Version}", null, story);
            else if (command.Answer == Answer.Accepted && IsRefusal(events[0]))
                yield return new(ViolationClass.CommandLost, $"command {command.Id} on {command.StreamKey} was accepted, but {events[0].Type} is stored", null, story);
            else if (command.Answer == Answer.Rejected && events.Length > 0 && !IsRefusal(events[0]))
                yield return new(ViolationClass.CommandLost, $"command {command.Id} on {command.StreamKey} was rejected, but {events[0].Type} is stored", null, story);
            else if (command.Answer == Answer.Rejected && events.Length + rows == 0)
                yield return new(ViolationClass.CommandLost, $"command {command.Id} on {command.StreamKey} was rejected, but has left no trace", null, story);
        }

        foreach (var e in stored.SelectMany(g => g).Where(e => !IsOwn(e.Command!) && !sent.Contains((e.StreamKey, e.Command!))))
            yield return new(ViolationClass.Phantom, $"event {e.Version} of {e.StreamKey} is of command '{e.Command}', which nobody sent", null, []);
        foreach (var e in facts.Store.Events.Where(e => e.Record is null && e.Command is null))
            yield return new(ViolationClass.Phantom, $"event {e.Version} of {e.StreamKey} was caused by nothing", null, []);
        foreach (var own in stored.Where(g => IsOwn(g.Key.Item2) && g.Count() > 1))
            yield return new(ViolationClass.CommandTwice, $"command '{own.Key.Item2}' on {own.Key.StreamKey} is stored {own.Count()} times", null, []);
    }

    private static bool IsRefusal(Event first) => first.Type.EndsWith("-rejected", StringComparison.Ordinal);

    private static bool IsOwn(string command) => command.StartsWith(TransferCommands.Prefix, StringComparison.Ordinal);
}
