namespace Chaos.Checking;

/// <summary>What was seen once is seen by everyone who asks later.</summary>
internal static class ReadChecks
{
    public static IEnumerable<Violation> Check(Facts facts)
    {
        var history = facts.History;
        foreach (var late in history.Reads.Where(r => r.Begin >= history.Rested && r.Version != facts.Store.Streams.GetValueOrDefault(r.StreamKey)))
            yield return new(ViolationClass.ReadWentBack, $"{late.StreamKey} is at version {facts.Store.Streams.GetValueOrDefault(late.StreamKey)}, but at rest it was read as {late.Version}", null, []);

        // An answer to a command is a sight of the version it names.
        var seen = history.Reads.Select(r => (r.StreamKey, r.Version, r.Begin, r.End, What: "read"))
            .Concat(history.Commands.Where(c => c is { Answer: Answer.Accepted, Version: not null }).Select(c => (c.StreamKey, Version: c.Version!.Value, c.Begin, c.End, What: $"answer to command {c.Id}")));
        foreach (var stream in seen.GroupBy(s => s.StreamKey))
        {
            var ended = stream.OrderBy(s => s.End).ToArray();
            var (next, highest) = (0, (Version: 0L, At: 0d, What: ""));
            foreach (var read in stream.Where(s => s.What == "read").OrderBy(s => s.Begin))
            {
                for (; next < ended.Length && ended[next].End <= read.Begin; next++)
                    if (ended[next].Version > highest.Version)
                        highest = (ended[next].Version, ended[next].End, ended[next].What);
                if (read.Version < highest.Version)
                    yield return new(ViolationClass.ReadWentBack, $"{stream.Key} was at version {highest.Version}, then at {read.Version}", null, [
                        FormattableString.Invariant($"{highest.At:0.000} s: {highest.What}, version {highest.Version}"),
                        FormattableString.Invariant($"{read.Begin:0.000} to {read.End:0.000} s: read, version {read.Version}")]);
            }
        }
    }
}
