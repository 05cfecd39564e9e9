using System.ComponentModel;
using System.Globalization;

namespace Orleans.Streams.Kafka;

/// <summary>Reads a start from configuration: <c>earliest</c>, <c>latest</c>, <c>offset 100</c>, or <c>time 2026-01-31T12:00:00Z</c>.</summary>
internal sealed class KafkaStartConverter : TypeConverter
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) =>
        sourceType == typeof(string) || base.CanConvertFrom(context, sourceType);

    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value)
    {
        if (value is not string text)
        {
            return base.ConvertFrom(context, culture, value);
        }

        return text.Trim().Split(' ', 2, StringSplitOptions.TrimEntries) switch
        {
            [var word] when word.Equals("earliest", StringComparison.OrdinalIgnoreCase) => KafkaStart.Earliest,
            [var word] when word.Equals("latest", StringComparison.OrdinalIgnoreCase) => KafkaStart.Latest,
            [var word, var number] when word.Equals("offset", StringComparison.OrdinalIgnoreCase)
                && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var offset) => KafkaStart.AtOffset(offset),
            [var word, var instant] when word.Equals("time", StringComparison.OrdinalIgnoreCase)
                && DateTimeOffset.TryParse(instant, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) => KafkaStart.AtTime(time),
            _ => throw new FormatException($"'{text}' is no start: write earliest, latest, 'offset 100', or 'time 2026-01-31T12:00:00Z'."),
        };
    }
}
