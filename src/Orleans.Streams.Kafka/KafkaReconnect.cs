using System.Globalization;

namespace Orleans.Streams.Kafka;

/// <summary>When a client that has lost its broker tries again: within a second, unless its settings say otherwise.</summary>
public static class KafkaReconnect
{
    private const string First = "reconnect.backoff.ms";
    private const string Longest = "reconnect.backoff.max.ms";

    /// <summary>Adds what the settings do not say. librdkafka refuses a first wait above the longest, so the one that is said decides about the other.</summary>
    /// <param name="settings">A client's settings.</param>
    public static void AddTo(IDictionary<string, string> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.TryAdd(First, Text(Math.Min(100, Number(settings, Longest) ?? 100)));
        settings.TryAdd(Longest, Text(Math.Max(1000, Number(settings, First) ?? 0)));
    }

    // What is no number is refused by librdkafka, in its own words.
    private static int? Number(IDictionary<string, string> settings, string name) =>
        settings.TryGetValue(name, out var text) && int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Text(int milliseconds) => milliseconds.ToString(CultureInfo.InvariantCulture);
}
