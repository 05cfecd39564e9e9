using System.ComponentModel;

namespace Orleans.Streams.Kafka;

/// <summary>
/// Where to start a partition that has no checkpoint yet. In configuration: <c>earliest</c>, <c>latest</c>, <c>offset 100</c>, or
/// <c>time 2026-01-31T12:00:00Z</c>.
/// </summary>
[TypeConverter(typeof(KafkaStartConverter))]
public readonly record struct KafkaStart
{
    private KafkaStart(KafkaStartKind kind, long value) => (Kind, Value) = (kind, value);

    /// <summary>At the oldest record that the topic still holds. The default.</summary>
    public static KafkaStart Earliest => default;

    /// <summary>At records that arrive from now on.</summary>
    public static KafkaStart Latest => new(KafkaStartKind.Latest, 0);

    internal KafkaStartKind Kind { get; }

    internal long Value { get; }

    /// <summary>At an offset, the same in every partition.</summary>
    public static KafkaStart AtOffset(long offset) => new(KafkaStartKind.Offset, offset);

    /// <summary>At the first record whose Kafka timestamp is at or after a time.</summary>
    public static KafkaStart AtTime(DateTimeOffset time) => new(KafkaStartKind.Time, time.ToUnixTimeMilliseconds());

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        KafkaStartKind.Offset => $"offset {Value}",
        KafkaStartKind.Time => $"time {DateTimeOffset.FromUnixTimeMilliseconds(Value):O}",
        _ => Kind.ToString(),
    };
}

internal enum KafkaStartKind
{
    Earliest,
    Latest,
    Offset,
    Time,
}

/// <summary>What to do when the topic no longer holds the next offset (retention), or was created again.</summary>
public enum KafkaGapPolicy
{
    /// <summary>Read nothing more of the partition until an operator has decided. The default.</summary>
    Stop,

    /// <summary>
    /// Go on at the oldest record there is; what lies between is lost, and counted. A log that was cut short, so that it ends below the next offset, stops
    /// its partition all the same: its new records have offsets that were read before.
    /// </summary>
    SkipToEarliest,
}
