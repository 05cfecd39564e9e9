namespace EventStore;

/// <summary>
/// Where a record lies in Kafka. Two coordinates are equal exactly when they name the same record: an offset alone is not enough,
/// because a topic that was deleted and created again starts over at 0.
/// </summary>
/// <param name="Topic">The topic's name on the broker.</param>
/// <param name="Incarnation">The topic's id, which changes when the topic is created again.</param>
/// <param name="Partition">The partition, from 0.</param>
/// <param name="Offset">The record's offset in its partition, from 0.</param>
[GenerateSerializer, Immutable]
public readonly record struct RecordCoordinates(
    [property: Id(0)] string Topic,
    [property: Id(1)] string Incarnation,
    [property: Id(2)] int Partition,
    [property: Id(3)] long Offset)
{
    /// <summary>The form used in logs, answers and the command line: <c>topic/partition@offset</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Topic}/{Partition}@{Offset}");
}
