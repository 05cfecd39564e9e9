using Npgsql;
using StreamJobs.Running;

namespace StreamJobs.Checkpoints;

/// <summary>Writes what operators want of jobs. Silos see it within a second.</summary>
/// <param name="store">Where it is written.</param>
public sealed class JobControls(JobStore store)
{
    /// <summary>Has a job pause, go on, or be drained. What it has taken stays in memory.</summary>
    /// <param name="job">The job.</param>
    /// <param name="state">One of <see cref="JobState.Running"/>, <see cref="JobState.Paused"/> and <see cref="JobState.Draining"/>.</param>
    /// <param name="who">The operator.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The job's state when that does not allow it, and nothing was done: stopped or cancelled. Null when it was done.</returns>
    public Task<JobState?> SetAsync(Job job, JobState state, string who, CancellationToken cancellationToken = default) =>
        ChangeAsync(job, state, who, [JobState.Stopped, JobState.Cancelled], (_, _) => Task.FromResult(true), cancellationToken);

    /// <summary>
    /// Takes a job out of memory. What its last checkpoints kept stays, for <see cref="StartAsync"/> and for savepoints; what it has taken since is taken again then.
    /// </summary>
    /// <returns>The job's state when that does not allow it, and nothing was done: cancelled. Null when it was done.</returns>
    public Task<JobState?> StopAsync(Job job, string who, CancellationToken cancellationToken = default) =>
        ChangeAsync(job, JobState.Stopped, who, [JobState.Cancelled], (connection, _) => ReopenAsync(connection, job, cancellationToken), cancellationToken);

    /// <summary>
    /// Takes a job out of memory, and throws away where it stood and what its open windows had counted. Results of closed windows stay as they are, and savepoints too,
    /// which it can be set back to.
    /// </summary>
    public Task CancelAsync(Job job, string who, CancellationToken cancellationToken = default) => ChangeAsync(
        job, JobState.Cancelled, who, [],
        async (connection, _) =>
        {
            await ReopenAsync(connection, job, cancellationToken);
            await DoAsync(
                connection, "update {schema}.job_mergers set epoch = epoch + 1, watermark = $2, closed_up_to = $2, state = null, changed_at = now() where job = $1",
                cancellationToken, job.Name, long.MinValue);
            foreach (var table in new[] { "positions", "state", "parts" })
                await DoAsync(connection, $"delete from {{schema}}.job_{table} where job = $1", cancellationToken, job.Name);
            return true;
        },
        cancellationToken);

    /// <summary>
    /// Has a job go on that was stopped, where its last checkpoints stood. One that was cancelled begins anew, with the oldest records that there are; its former
    /// results are taken out of the table and the lake first. Topics keep theirs.
    /// </summary>
    /// <param name="job">The job.</param>
    /// <param name="oldest">Says the oldest offset that Kafka has of each partition of the job's topic; asked when it begins anew.</param>
    /// <param name="who">The operator.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>
    /// The job's state when that does not allow it, and nothing was done: paused or draining; or cancelled, when its lake has results that are too old for the
    /// table, and would be lost. Null when it was done.
    /// </returns>
    public Task<JobState?> StartAsync(
        Job job, Func<CancellationToken, Task<IReadOnlyDictionary<int, long>>> oldest, string who, CancellationToken cancellationToken = default) => ChangeAsync(
        job, JobState.Running, who, [JobState.Paused, JobState.Draining],
        async (connection, from) => from switch
        {
            JobState.Stopped => await ReopenAsync(connection, job, cancellationToken),
            JobState.Cancelled => await BeginAnewAsync(connection, job, await oldest(cancellationToken), cancellationToken),
            _ => true,
        },
        cancellationToken);

    private async Task<bool> BeginAnewAsync(NpgsqlConnection connection, Job job, IReadOnlyDictionary<int, long> oldest, CancellationToken cancellationToken)
    {
        if (job.IsInLake && !await JobLake.IsInTableAsync(store, connection, job, cancellationToken))
            return false;
        await ReopenAsync(connection, job, cancellationToken);
        await DoAsync(connection, "delete from {schema}.job_results where job = $1", cancellationToken, job.Name);
        if (job.IsInLake)
            await JobLake.WithdrawAsync(store, connection, job, cancellationToken);

        // Without a position it would begin wherever the partition is read just now.
        await DoAsync(
            connection,
            """
            insert into {schema}.job_positions (job, partition, topic, incarnation, next_offset, max_timestamp, watermark, records, late, keys, shape)
            select $1, o.partition, o.topic, o.incarnation, n.next_offset, $5, $5, 0, 0, 0, $6
            from {schema}.job_owners o join unnest($3::int[], $4::bigint[]) as n (partition, next_offset) on n.partition = o.partition
            where o.topic = $2
            """,
            cancellationToken, job.Name, job.Topic, oldest.Keys.ToArray(), oldest.Values.ToArray(), long.MinValue, job.StateShape);
        return true;
    }

    /// <summary>Has the owners of the job's partitions take over anew what is kept. A checkpoint that is under way is either before this, or refused.</summary>
    private async Task<bool> ReopenAsync(NpgsqlConnection connection, Job job, CancellationToken cancellationToken)
    {
        await DoAsync(connection, "update {schema}.job_owners set epoch = epoch + 1, changed_at = now() where topic = $1", cancellationToken, job.Topic);
        return true;
    }

    /// <returns>The state that does not allow it, or null.</returns>
    private async Task<JobState?> ChangeAsync(
        Job job, JobState to, string who, JobState[] notFrom, Func<NpgsqlConnection, JobState, Task<bool>> alsoAsync, CancellationToken cancellationToken)
    {
        await using var connection = await store.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await DoAsync(
            connection, "insert into {schema}.job_controls (job, state, changed_by) values ($1, 'Running', $2) on conflict do nothing", cancellationToken, job.Name, who);
        await using var command = new NpgsqlCommand(store.Sql("select state from {schema}.job_controls where job = $1 for update"), connection);
        JobStore.Add(command, job.Name);
        var from = Enum.Parse<JobState>((string)(await command.ExecuteScalarAsync(cancellationToken))!);
        if (notFrom.Contains(from) || !await alsoAsync(connection, from))
            return from;
        await DoAsync(
            connection, "update {schema}.job_controls set state = $2, changed_by = $3, changed_at = now() where job = $1", cancellationToken, job.Name, to.ToString(), who);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    private async Task DoAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = new NpgsqlCommand(store.Sql(sql), connection);
        JobStore.Add(command, parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
