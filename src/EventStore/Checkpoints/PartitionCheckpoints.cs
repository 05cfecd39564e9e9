using EventStore.Hosting;

namespace EventStore.Checkpoints;

internal sealed class PartitionCheckpoints(StoreDatabase database) : IPartitionCheckpoints
{
    private readonly string _takeOver = $"select new_epoch, resume_at, former_incarnation from {database.Schema}.take_over_partition($1, $2, $3, $4)";

    private readonly string _save = $"""
        update {database.Schema}.checkpoints c set next_offset = greatest(next_offset, $6), changed_at = now()
        where provider = $1 and topic = $2 and incarnation = $3 and partition = $4 and epoch = $5 and not exists (
            select from {database.Schema}.checkpoints n
            where n.provider = c.provider and n.topic = c.topic and n.partition = c.partition and n.epoch > c.epoch)
        """;

    private readonly string _list = $"""
        select distinct on (provider, topic, partition) provider, topic, incarnation, partition, epoch, next_offset, changed_at
        from {database.Schema}.checkpoints order by provider, topic, partition, epoch desc
        """;

    public async ValueTask<PartitionCheckpoint> TakeOverAsync(
        string provider, string topic, string incarnation, int partition, CancellationToken cancellationToken = default) =>
        (await database.QueryAsync(_takeOver, [provider, topic, incarnation, partition], row => new PartitionCheckpoint(
            row.GetInt64(0), row.IsDBNull(1) ? null : row.GetInt64(1), row.IsDBNull(2) ? null : row.GetString(2)), cancellationToken))[0];

    public async ValueTask<bool> SaveAsync(
        string provider, string topic, string incarnation, int partition, long epoch, long nextOffset,
        CancellationToken cancellationToken = default) =>
        await database.ExecuteAsync(_save, [provider, topic, incarnation, partition, epoch, nextOffset], cancellationToken) == 1;

    public async ValueTask<IReadOnlyList<CheckpointInfo>> ListAsync(CancellationToken cancellationToken = default) =>
        await database.QueryAsync(_list, [], row => new CheckpointInfo(
            row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt32(3), row.GetInt64(4), row.IsDBNull(5) ? null : row.GetInt64(5),
            row.GetFieldValue<DateTimeOffset>(6)), cancellationToken);
}
