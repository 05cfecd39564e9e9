using Npgsql;
using StreamJobs.Engine;

namespace StreamJobs.Checkpoints;

/// <summary>What a job's merger keeps, and reads of the partitions.</summary>
internal sealed class MergerStore(JobStore store, string job, string topic)
{
    public string Owner => $"merger/{job}";

    /// <summary>Makes the caller the job's merger.</summary>
    public async Task<(long Epoch, long Checkpoint, byte[]? State, IReadOnlyList<(long Checkpoint, string Topic, byte[] Data)> Outbox)> TakeOverAsync(
        CancellationToken cancellationToken)
    {
        await using var connection = await store.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(store.Sql("""
            insert into {schema}.job_mergers as m (job, epoch, watermark, closed_up_to) values ($1, 1, $2, $2)
            on conflict (job) do update set epoch = m.epoch + 1, changed_at = now()
            returning epoch, checkpoint, state
            """), connection);
        JobStore.Add(command, job, long.MinValue);
        long epoch, checkpoint;
        byte[]? state;
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            (epoch, checkpoint) = (reader.GetInt64(0), reader.GetInt64(1));
            state = await reader.IsDBNullAsync(2, cancellationToken) ? null : reader.GetFieldValue<byte[]>(2);
        }

        return (epoch, checkpoint, state, await store.ReadOutboxAsync(connection, Owner, cancellationToken));
    }

    /// <summary>Whether all that partitions keep of the job has its shape.</summary>
    public async Task<bool> FitsAsync(string shape, CancellationToken cancellationToken)
    {
        await using var command = store.Source.CreateCommand(store.Sql("select not exists (select from {schema}.job_positions where job = $1 and shape <> $2)"));
        JobStore.Add(command, job, shape);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Where the partitions stand. Read before <see cref="PartsAsync"/>: parts are then at least as new.</summary>
    public async Task<IReadOnlyList<(int Partition, long Watermark, bool IsIdle)>> PositionsAsync(CancellationToken cancellationToken)
    {
        await using var command = store.Source.CreateCommand(store.Sql(
            $"select partition, watermark, idle and not drained from {{schema}}.job_positions join {JobControls.Owners("$2")} o using (topic, partition, incarnation) where job = $1"));
        JobStore.Add(command, job, topic);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<(int, long, bool)>();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add((reader.GetInt32(0), reader.GetInt64(1), reader.GetBoolean(2)));
        return rows;
    }

    /// <summary>The partitions' parts: all that are kept, or those that no closed window holds yet.</summary>
    public async Task<IReadOnlyList<Part>> PartsAsync(bool all, CancellationToken cancellationToken)
    {
        await using var command = store.Source.CreateCommand(store.Sql(
            "select slice, partition, version, merged, data, case when $2 then merged_data end from {schema}.job_parts where job = $1 and ($2 or not merged) order by slice, partition"));
        JobStore.Add(command, job, all);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<Part>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new(
                reader.GetInt64(0), reader.GetInt32(1), reader.GetInt64(2), reader.GetBoolean(3), reader.GetFieldValue<byte[]>(4),
                await reader.IsDBNullAsync(5, cancellationToken) ? null : reader.GetFieldValue<byte[]>(5)));
        }

        return rows;
    }

    /// <summary>Writes what the merger has come to.</summary>
    /// <returns>False when another merger has taken over: nothing was written.</returns>
    public async Task<bool> CommitAsync(MergerCheckpoint checkpoint, DateTimeOffset takenAt, CancellationToken cancellationToken)
    {
        await using var connection = await store.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var fence = new NpgsqlCommand(store.Sql("""
            update {schema}.job_mergers set checkpoint = $3, watermark = greatest(watermark, $4), closed_up_to = $5, state = $6, changed_at = now() where job = $1 and epoch = $2
            """), connection);
        JobStore.Add(fence, job, checkpoint.Epoch, checkpoint.Number, checkpoint.Watermark, checkpoint.ClosedUpTo, checkpoint.State);
        if (await fence.ExecuteNonQueryAsync(cancellationToken) == 0)
            return false;
        await using var batch = new NpgsqlBatch(connection);
        store.Command(batch, """
            update {schema}.job_parts p set merged = true, merged_data = null
            from (
                select p.slice, p.partition, n.version from {schema}.job_parts p join unnest($2::bigint[], $3::int[], $4::bigint[]) as n (slice, partition, version) using (slice, partition)
                where p.job = $1 order by p.slice, p.partition for update of p) n -- in the order in which partitions give them, those too that were given again meanwhile
            where p.job = $1 and p.slice = n.slice and p.partition = n.partition and p.version = n.version
            returning p.slice, p.partition
            """, job, checkpoint.Merged.Select(p => p.Slice).ToArray(), checkpoint.Merged.Select(p => p.Partition).ToArray(), checkpoint.Merged.Select(p => p.Version).ToArray());
        store.AddResults(batch, job, -1, checkpoint.Number, checkpoint.Results);
        store.AddExceptions(batch, job, null, checkpoint.Exceptions);
        store.Command(batch, "delete from {schema}.job_parts where job = $1 and slice < $2 and merged", job, checkpoint.Needed);
        store.AddOutbox(batch, Owner, checkpoint.Number, checkpoint.Outbox, checkpoint.SentUpTo);
        store.AddHistory(batch, Owner, checkpoint.Number, takenAt, checkpoint.State.Length, checkpoint.Results.Count);
        var merged = await ExecuteAsync(batch, cancellationToken);
        await KeepMergedAsync(connection, [.. checkpoint.Merged.Where(p => !merged.Contains((p.Slice, p.Partition)))], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Executes a batch, and reads the parts that it returns.</summary>
    private static async Task<HashSet<(long Slice, int Partition)>> ExecuteAsync(NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        var parts = new HashSet<(long, int)>();
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        do
        {
            while (await reader.ReadAsync(cancellationToken))
                parts.Add((reader.GetInt64(0), reader.GetInt32(1)));
        }
        while (await reader.NextResultAsync(cancellationToken)); // what fails behind the rows is thrown here

        return parts;
    }

    /// <summary>Parts that were given again while they were merged: what closed windows hold of them is kept beside what is new.</summary>
    private async Task KeepMergedAsync(NpgsqlConnection connection, IReadOnlyCollection<Part> parts, CancellationToken cancellationToken)
    {
        if (parts.Count == 0)
            return;
        await using var command = new NpgsqlCommand(store.Sql("""
            update {schema}.job_parts p set merged_data = n.data from unnest($2::bigint[], $3::int[], $4::bytea[]) as n (slice, partition, data)
            where p.job = $1 and p.slice = n.slice and p.partition = n.partition
            """), connection);
        JobStore.Add(command, job, parts.Select(p => p.Slice).ToArray(), parts.Select(p => p.Partition).ToArray(), parts.Select(p => p.Data).ToArray());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

/// <summary>A partition's part of a slice.</summary>
/// <param name="Slice">The slice, or its part.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Version">The checkpoint that gave it.</param>
/// <param name="IsMerged">Whether closed windows hold it.</param>
/// <param name="Data">Its keys and their values.</param>
/// <param name="MergedData">What closed windows hold of it, where it was given again since; null too where nobody asked for it.</param>
internal sealed record Part(long Slice, int Partition, long Version, bool IsMerged, byte[] Data, byte[]? MergedData);

/// <summary>What a merger keeps at one moment.</summary>
internal sealed record MergerCheckpoint(
    long Epoch, long Number, long Watermark, long ClosedUpTo, byte[] State, long Needed, IReadOnlyList<Part> Merged, IReadOnlyList<ResultRow> Results,
    IReadOnlyList<(long? Offset, string Error)> Exceptions, IReadOnlyList<(string Topic, byte[] Data)> Outbox, long SentUpTo);
