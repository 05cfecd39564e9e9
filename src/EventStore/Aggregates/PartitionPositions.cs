using System.Collections.Immutable;

namespace EventStore.Aggregates;

/// <summary>How far a stream has read: the last offset of each (topic, incarnation, partition). Nearly always there is one.</summary>
internal static class PartitionPositions
{
    /// <summary>Whether the record at these coordinates has been read.</summary>
    public static bool Cover(this ImmutableArray<RecordCoordinates> positions, RecordCoordinates record)
    {
        var index = IndexOf(positions, record);
        return index >= 0 && record.Offset <= positions[index].Offset;
    }

    /// <summary>The positions once this record has been read.</summary>
    public static ImmutableArray<RecordCoordinates> Advance(this ImmutableArray<RecordCoordinates> positions, RecordCoordinates record)
    {
        var index = IndexOf(positions, record);
        return index < 0 ? positions.Add(record) : positions.SetItem(index, record);
    }

    private static int IndexOf(ImmutableArray<RecordCoordinates> positions, RecordCoordinates record)
    {
        for (var i = 0; i < positions.Length; i++)
        {
            if (positions[i].Partition == record.Partition && positions[i].Topic == record.Topic
                && positions[i].Incarnation == record.Incarnation)
                return i;
        }

        return -1;
    }
}
