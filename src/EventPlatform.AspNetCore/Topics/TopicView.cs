namespace EventPlatform.AspNetCore.Topics;

/// <summary>A topic and how far it is read.</summary>
/// <param name="Name">The topic's name on the broker.</param>
/// <param name="Partitions">Its partitions, in order.</param>
public sealed record TopicView(string Name, IReadOnlyList<PartitionView> Partitions)
{
    /// <summary>The records not yet done in all partitions, or absent when nothing reads the topic.</summary>
    public long? Lag => Partitions.All(p => p.Lag is null) ? null : Partitions.Sum(p => p.Lag ?? 0);
}

/// <summary>A partition and how far its slowest consumer is.</summary>
/// <param name="Partition">The partition, from 0.</param>
/// <param name="Low">The first offset that can be read.</param>
/// <param name="High">The offset that the next record gets.</param>
/// <param name="Position">The next offset of the slowest consumer; below it every record is done. Absent when nothing reads the topic.</param>
/// <param name="Lag">The records that the slowest consumer has still to do. Absent when nothing reads the topic.</param>
/// <param name="Consumer">The slowest consumer.</param>
/// <param name="ChangedAt">When its position last changed.</param>
/// <param name="Gap">The records that retention removed before that consumer had read them; absent when there are none.</param>
public sealed record PartitionView(
    int Partition, long Low, long High, long? Position, long? Lag, string? Consumer, DateTimeOffset? ChangedAt, long? Gap = null);
