using System.Globalization;

namespace Producer;

/// <summary>How many records per second; null for as many as possible.</summary>
internal sealed record Rate(double? RecordsPerSecond)
{
    public static Rate Max { get; } = new((double?)null);

    public static Rate PerSecond(double records) => new(records);

    /// <summary>Reads 100, 100/s, 100/sec, 6000/min, 50k/sec or max.</summary>
    public static Rate? TryParse(string text)
    {
        if (text == "max")
            return Max;
        var parts = text.Split('/');
        var thousands = parts[0].EndsWith('k');
        if (!double.TryParse(thousands ? parts[0][..^1] : parts[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !(number > 0) || double.IsInfinity(number))
            return null;
        var seconds = parts.Length switch { 1 => 1, 2 => parts[1] switch { "s" or "sec" => 1, "m" or "min" => 60, _ => 0 }, _ => 0 };
        return seconds == 0 ? null : new(number * (thousands ? 1000 : 1) / seconds);
    }

    public override string ToString() =>
        RecordsPerSecond is { } rate ? string.Create(CultureInfo.InvariantCulture, $"{rate:#,0.##}/sec") : "max";
}
