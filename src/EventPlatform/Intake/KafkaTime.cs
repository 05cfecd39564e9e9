namespace EventPlatform.Intake;

/// <summary>Kafka's timestamps as times. A producer may write any number, and nothing that a record says may make intake throw.</summary>
public static class KafkaTime
{
    private static readonly long Min = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long Max = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>The time, or the nearest there is: years go from 1 to 9999.</summary>
    /// <param name="milliseconds">The timestamp.</param>
    public static DateTimeOffset Of(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(milliseconds, Min, Max));

    /// <summary>Whether it is a time at all: microseconds, for example, lie far beyond the year 9999.</summary>
    /// <param name="milliseconds">The timestamp.</param>
    public static bool IsTime(long milliseconds) => milliseconds >= Min && milliseconds <= Max;
}
