using Npgsql;

namespace StreamJobs.Checkpoints;

/// <summary>
/// Copies of all that a job keeps: where it stands on every partition, its state, and its merger's. A copy is what a crash at that moment would have left, so
/// going back to one is going on after a crash.
/// </summary>
public sealed class JobSavepoints(JobStore store)
{
    /// <summary>A job's savepoints, newest first.</summary>
    public async Task<IReadOnlyList<Savepoint>> ListAsync(Job job, CancellationToken cancellationToken = default)
    {
        await using var command = store.Source.CreateCommand(store.Sql("""
            select s.name, s.created_at, s.created_by, s.shape, coalesce(sum(p.records), 0)::bigint,
                array_agg(p.partition order by p.partition), array_agg(p.next_offset order by p.partition)
            from {schema}.job_savepoints s left join {schema}.job_savepoint_positions p on p.job = s.job and p.savepoint = s.name
            where s.job = $1 group by s.job, s.name order by s.created_at desc
            """));
        JobStore.Add(command, job.Name);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<Savepoint>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var shape = await reader.IsDBNullAsync(3, cancellationToken) ? null : reader.GetString(3);
            var offsets = reader.GetFieldValue<int[]>(5).Zip(reader.GetFieldValue<long[]>(6)).ToDictionary(o => o.First, o => o.Second);
            found.Add(new(
                reader.GetString(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetString(2), reader.GetInt64(4), offsets, shape is null || shape == job.StateShape, shape));
        }

        return found;
    }

    /// <summary>Takes one, of what the job's checkpoints have kept so far. The job goes on.</summary>
    /// <returns>What came of it: <see cref="SavepointOutcome.Exists"/> when the name is taken, <see cref="SavepointOutcome.NothingKept"/> when no checkpoint was written yet.</returns>
    public async Task<SavepointOutcome> CreateAsync(Job job, string name, string who, CancellationToken cancellationToken = default)
    {
        await using var connection = await store.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        if (await DoAsync(connection, "select 1 from {schema}.job_positions where job = $1 limit 1", cancellationToken, job.Name) == 0)
            return SavepointOutcome.NothingKept;
        var made = await DoAsync(
            connection,
            """
            insert into {schema}.job_savepoints (job, name, created_by, shape, watermark, closed_up_to, merger_state)
            select $1, $2, $3, (select max(shape) from {schema}.job_positions where job = $1), m.watermark, m.closed_up_to, m.state
            from (select 1) one left join {schema}.job_mergers m on m.job = $1
            on conflict do nothing returning 1
            """,
            cancellationToken, job.Name, name, who);
        if (made == 0)
            return SavepointOutcome.Exists;
        foreach (var table in Tables)
            await DoAsync(connection, $"insert into {{schema}}.job_savepoint_{table} select $2, t.* from {{schema}}.job_{table} t where job = $1", cancellationToken, job.Name, name);
        await transaction.CommitAsync(cancellationToken);
        return SavepointOutcome.Done;
    }

    /// <summary>
    /// Sets a job back to one. Its partitions' owners notice within a second and go on from there; other jobs are not touched. Results of windows that closed since are
    /// taken out of the table, and come again; topics get them again, and the lake is written anew. One that was drained or cancelled runs again; one that is stopped stays so. Of process
    /// functions, counting windows and joins, results are taken out that a later checkpoint than the savepoint's has written.
    /// </summary>
    /// <returns>
    /// What came of it; only with <see cref="SavepointOutcome.Done"/> was anything done.
    /// </returns>
    public async Task<SavepointOutcome> RestoreAsync(Job job, string name, CancellationToken cancellationToken = default)
    {
        await using var connection = await store.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await DoAsync(connection, "select 1 from {schema}.job_controls where job = $1 for update", cancellationToken, job.Name); // first, as what else operators do
        if (await DoAsync(connection, "select 1 from {schema}.job_savepoints where job = $1 and name = $2", cancellationToken, job.Name, name) == 0)
            return SavepointOutcome.Missing;
        if (await DoAsync(connection, "select 1 from {schema}.job_savepoints where job = $1 and name = $2 and shape <> $3", cancellationToken, job.Name, name, job.StateShape) > 0)
            return SavepointOutcome.DoesNotFit;

        if (job.IsInLake && !await JobLake.IsInTableAsync(store, connection, job, cancellationToken))
            return SavepointOutcome.InLakeAlone;

        var strange = await DoAsync(
            connection,
            $$"""
            select 1 from (
                select partition, incarnation from {schema}.job_positions where job = $1
                union select partition, incarnation from {{JobControls.Owners("$3")}} o) p
            where not exists (
                select from {schema}.job_savepoint_positions s where s.job = $1 and s.savepoint = $2 and s.partition = p.partition and s.incarnation = p.incarnation)
            """,
            cancellationToken, job.Name, name, job.Topic);
        if (strange > 0)
            return SavepointOutcome.OtherPartitions;

        // First of all: a checkpoint that is under way is either before this, and gone, or after it, and refused.
        await DoAsync(connection, "update {schema}.job_owners set epoch = epoch + 1 where topic = $1", cancellationToken, job.Topic);
        await DoAsync(
            connection,
            """
            update {schema}.job_mergers m
            set epoch = m.epoch + 1, watermark = coalesce(s.watermark, $3), closed_up_to = coalesce(s.closed_up_to, $3), state = s.merger_state, changed_at = now()
            from {schema}.job_savepoints s where s.job = $1 and s.name = $2 and m.job = $1
            """,
            cancellationToken, job.Name, name, long.MinValue);
        // Drained, it would end its input again at once; cancelled, it would begin anew.
        await DoAsync(connection, "update {schema}.job_controls set state = 'Running', changed_at = now() where job = $1 and state in ('Draining', 'Cancelled')", cancellationToken, job.Name);
        if (job.Window is Processing or Counting or Interval)
        {
            // No watermark says when these were given; the number of their checkpoint does. One without a number is of an earlier version: it stays, except where the savepoint is of one too
            // and a process function's times tell.
            await DoAsync(
                connection,
                """
                delete from {schema}.job_results r using {schema}.job_savepoint_positions p
                where r.job = $1 and p.job = $1 and p.savepoint = $2 and p.partition = r.partition
                    and (r.checkpoint > coalesce(p.checkpoint, 0) or ($3 and r.checkpoint is null and p.checkpoint is null and r.start_ms > p.max_timestamp))
                """,
                cancellationToken, job.Name, name, job.Window is Processing);
        }
        else
        {
            await DoAsync(
                connection,
                """
                delete from {schema}.job_results r where job = $1 and end_ms > coalesce(
                    (select p.watermark from {schema}.job_savepoint_positions p where p.job = $1 and p.savepoint = $2 and p.partition = r.partition),
                    (select s.closed_up_to from {schema}.job_savepoints s where s.job = $1 and s.name = $2), $3)
                """,
                cancellationToken, job.Name, name, long.MinValue);
        }

        foreach (var table in Tables)
        {
            await DoAsync(connection, $"delete from {{schema}}.job_{table} where job = $1", cancellationToken, job.Name);
            var columns = Columns[table];
            await DoAsync(
                connection, $"insert into {{schema}}.job_{table} ({columns}) select {columns} from {{schema}}.job_savepoint_{table} where job = $1 and savepoint = $2",
                cancellationToken, job.Name, name);
        }

        if (job.IsInLake)
            await JobLake.WithdrawAsync(store, connection, job, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return SavepointOutcome.Done;
    }

    /// <summary>Throws one away.</summary>
    /// <returns>False when there is none.</returns>
    public async Task<bool> DeleteAsync(Job job, string name, CancellationToken cancellationToken = default)
    {
        await using var connection = await store.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        foreach (var table in Tables)
            await DoAsync(connection, $"delete from {{schema}}.job_savepoint_{table} where job = $1 and savepoint = $2", cancellationToken, job.Name, name);
        var gone = await DoAsync(connection, "delete from {schema}.job_savepoints where job = $1 and name = $2 returning 1", cancellationToken, job.Name, name);
        await transaction.CommitAsync(cancellationToken);
        return gone > 0;
    }

    private static readonly string[] Tables = ["positions", "state", "parts"];

    private static readonly Dictionary<string, string> Columns = new()
    {
        ["positions"] = "job, partition, topic, incarnation, next_offset, max_timestamp, watermark, drained, idle, records, late, keys, changed_at, shape, final_up_to, checkpoint",
        ["state"] = "job, partition, pane, key_group, data",
        ["parts"] = "job, slice, partition, version, merged, data, merged_data",
    };

    /// <returns>How many rows it gave or changed.</returns>
    private async Task<int> DoAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = new NpgsqlCommand(store.Sql(sql), connection);
        JobStore.Add(command, parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = 0;
        while (await reader.ReadAsync(cancellationToken))
            rows++;
        return Math.Max(rows, reader.RecordsAffected);
    }
}

/// <summary>What came of an operation on a savepoint.</summary>
public enum SavepointOutcome
{
    /// <summary>It is done.</summary>
    Done,

    /// <summary>The name is taken.</summary>
    Exists,

    /// <summary>No checkpoint of the job was written yet.</summary>
    NothingKept,

    /// <summary>There is no such savepoint.</summary>
    Missing,

    /// <summary>Its state has another shape than the job's.</summary>
    DoesNotFit,

    /// <summary>The topic has partitions now that it does not know, or was created again.</summary>
    OtherPartitions,

    /// <summary>Results that are too old for the table are in the job's lake alone, so the lake cannot be written anew.</summary>
    InLakeAlone,
}

/// <summary>A savepoint.</summary>
/// <param name="Name">Its name.</param>
/// <param name="CreatedAt">When it was taken.</param>
/// <param name="CreatedBy">By whom.</param>
/// <param name="Records">How many records the job had taken.</param>
/// <param name="Offsets">Where the job stood: the next offset of each partition.</param>
/// <param name="Fits">Whether the job as it is now can go back to it.</param>
/// <param name="Shape">What its state looks like.</param>
public sealed record Savepoint(string Name, DateTimeOffset CreatedAt, string CreatedBy, long Records, IReadOnlyDictionary<int, long> Offsets, bool Fits, string? Shape);
