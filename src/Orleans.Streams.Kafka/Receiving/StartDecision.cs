namespace Orleans.Streams.Kafka.Receiving;

/// <summary>Where to start a partition, and what is missing before that.</summary>
/// <param name="Offset">The offset to read first.</param>
/// <param name="Reason">Why there.</param>
/// <param name="Gap">What is missing between the checkpoint and the log, in words; null when nothing is.</param>
/// <param name="Missing">How many offsets were lost, as far as can be told.</param>
/// <param name="SkipBeforeMs">Scan from the offset for the first record of this time on.</param>
/// <param name="CanSkip">False for a gap that nobody may go on behind: new records take offsets that were read before, and would pass for redelivered ones.</param>
internal sealed record StartDecision(
    long Offset, string Reason, string? Gap = null, long Missing = 0, long SkipBeforeMs = long.MinValue, bool CanSkip = true)
{
    /// <summary>Decides from what the checkpoint and the log say. Pure.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="low">The oldest offset that the log holds.</param>
    /// <param name="high">The offset after the newest.</param>
    /// <param name="start">Where to start without a checkpoint.</param>
    /// <param name="offsetForTime">Looks up <paramref name="start"/>'s time: null when no record is that young.</param>
    /// <param name="canLookUpTimes">Whether the broker can look times up; if not, the log is scanned.</param>
    public static StartDecision Make(
        KafkaCheckpoint checkpoint, long low, long high, KafkaStart start, Func<long, long?> offsetForTime, bool canLookUpTimes)
    {
        if (checkpoint.NextOffset is { } next)
        {
            return next < low
                ? new(low, "after a gap", $"the checkpoint says offset {next}, the oldest record is {low}: {low - next} offsets were lost to retention", low - next)
                : next > high
                    ? new(low, "after a gap", $"the checkpoint says offset {next}, but the log ends at {high}: it was cut short or replaced", 0, CanSkip: false)
                    : new(next, "its checkpoint");
        }

        if (checkpoint.FormerIncarnation is { } former)
        {
            return new(low, "the oldest record of a new topic", $"the topic was created again: its former incarnation was {former}");
        }

        switch (start.Kind)
        {
            case KafkaStartKind.Latest:
                return new(high, "the latest, there being no checkpoint");
            case KafkaStartKind.Offset:
                return new(Math.Clamp(start.Value, low, high), $"{start}, there being no checkpoint");
            case KafkaStartKind.Time when canLookUpTimes:
                return new(offsetForTime(start.Value) ?? high, $"{start}, there being no checkpoint");
            case KafkaStartKind.Time:
                return new(low, $"scanning for {start}, there being no checkpoint", SkipBeforeMs: start.Value);
            default:
                return new(low, "the earliest, there being no checkpoint");
        }
    }
}
