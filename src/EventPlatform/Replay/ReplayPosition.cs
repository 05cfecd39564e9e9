using System.Globalization;

namespace EventPlatform.Replay;

/// <summary>
/// Where a replay from Kafka stands, and where each partition began and ended when it began: after a crash it reads the same records.
/// </summary>
/// <param name="Starts">The oldest offset of each partition.</param>
/// <param name="Ends">The offset after the last record to read of each partition.</param>
/// <param name="Partition">The partition being read.</param>
/// <param name="NextOffset">The next offset in it.</param>
/// <param name="Events">How many events were given so far.</param>
internal sealed record ReplayPosition(IReadOnlyList<long> Starts, IReadOnlyList<long> Ends, int Partition, long NextOffset, long Events)
{
    /// <summary>How many records are to be read, a gap in the offsets counting as records.</summary>
    public long Total => Before(Ends.Count);

    /// <summary>How many of them were read.</summary>
    public long Read => Before(Partition) + (Partition < Ends.Count ? Math.Max(0, NextOffset - Starts[Partition]) : 0);

    public static ReplayPosition Parse(string text)
    {
        var parts = text.Split(';');
        if (parts.Length == 4) // as a version of before the oldest offsets were kept wrote it
            parts = [string.Join(',', parts[0].Split(',').Select(_ => "0")), .. parts];
        return new(Offsets(parts[0]), Offsets(parts[1]), int.Parse(parts[2], CultureInfo.InvariantCulture),
            long.Parse(parts[3], CultureInfo.InvariantCulture), long.Parse(parts[4], CultureInfo.InvariantCulture));
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{string.Join(',', Starts)};{string.Join(',', Ends)};{Partition};{NextOffset};{Events}");

    private static long[] Offsets(string text) => [.. text.Split(',').Select(p => long.Parse(p, CultureInfo.InvariantCulture))];

    private long Before(int partition) => Starts.Zip(Ends).Take(partition).Sum(p => Math.Max(0, p.Second - p.First));
}
