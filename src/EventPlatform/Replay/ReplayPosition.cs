using System.Globalization;

namespace EventPlatform.Replay;

/// <summary>
/// Where a replay from Kafka stands, and where each partition ended when it began: after a crash it reads the same records.
/// </summary>
/// <param name="Ends">The offset after each partition's last record.</param>
/// <param name="Partition">The partition being read.</param>
/// <param name="NextOffset">The next offset in it.</param>
/// <param name="Events">How many events were given so far.</param>
internal sealed record ReplayPosition(IReadOnlyList<long> Ends, int Partition, long NextOffset, long Events)
{
    public static ReplayPosition Parse(string text)
    {
        var parts = text.Split(';');
        return new(
            [.. parts[0].Split(',').Select(p => long.Parse(p, CultureInfo.InvariantCulture))], int.Parse(parts[1], CultureInfo.InvariantCulture),
            long.Parse(parts[2], CultureInfo.InvariantCulture), long.Parse(parts[3], CultureInfo.InvariantCulture));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{string.Join(',', Ends)};{Partition};{NextOffset};{Events}");
}
