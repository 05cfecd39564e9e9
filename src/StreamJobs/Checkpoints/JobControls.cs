using Npgsql;
using StreamJobs.Running;

namespace StreamJobs.Checkpoints;

/// <summary>Writes what operators want of jobs. Silos see it within a second.</summary>
/// <param name="store">Where it is written.</param>
public sealed class JobControls(JobStore store)
{
    /// <summary>The rows of the topic's partitions as they are now: a topic that was created again with fewer leaves older ones.</summary>
    /// <param name="topic">The topic's parameter in the statement.</param>
    internal static string Owners(string topic) =>
        $"(select * from {{schema}}.job_owners where topic = {topic} and incarnation = (select incarnation from {{schema}}.job_owners where topic = {topic} order by changed_at desc limit 1))";

    /// <summary>Has a job pause, go on, or be drained. What it has taken stays in memory. One that is drained has had its last word: to go on, it has to be set back, or to begin anew.</summary>
    /// <param name="job">The job.</param>
    /// <param name="state">One of <see cref="JobState.Running"/>, <see cref="JobState.Paused"/> and <see cref="JobState.Draining"/>.</param>
    /// <param name="who">The operator.</param>
    /// <param name="oldest">The oldest offset that Kafka has of each partition of the job's topic: a paused job does not go on where some of its records are gone. Null: that is not looked at.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Why nothing was done, or null when it was.</returns>
    public Task<JobRefusal?> SetAsync(
        Job job, JobState state, string who, IReadOnlyDictionary<int, long>? oldest = null, CancellationToken cancellationToken = default) => ChangeAsync(
        job, state, who,
        async (connection, from) => AsState(from, JobState.Stopped, JobState.Cancelled)
            ?? (state == JobState.Draining ? null : AsState(from, JobState.Draining))
            ?? (from == JobState.Paused && state != JobState.Paused && oldest is not null ? await GoneAsync(connection, job, oldest, cancellationToken) : null),
        cancellationToken);

    /// <summary>
    /// Takes a job out of memory. What its last checkpoints kept stays, for <see cref="StartAsync"/> and for savepoints; what it has taken since is taken again then.
    /// </summary>
    /// <returns>Why nothing was done, or null when it was.</returns>
    public Task<JobRefusal?> StopAsync(Job job, string who, CancellationToken cancellationToken = default) => ChangeAsync(
        job, JobState.Stopped, who,
        async (connection, from) =>
        {
            if (AsState(from, JobState.Cancelled, JobState.Draining) is { } refusal)
                return refusal;
            await ReopenAsync(connection, job, cancellationToken);
            return null;
        },
        cancellationToken);

    /// <summary>
    /// Takes a job out of memory, and throws away where it stood and what its open windows had counted. Results of closed windows stay as they are, and savepoints too,
    /// which it can be set back to.
    /// </summary>
    /// <returns>Why nothing was done, or null when it was.</returns>
    public Task<JobRefusal?> CancelAsync(Job job, string who, CancellationToken cancellationToken = default) => ChangeAsync(
        job, JobState.Cancelled, who,
        async (connection, _) =>
        {
            if (await IsInLakeAloneAsync(connection, job, cancellationToken))
                return JobRefusal.InLakeAlone; // it could neither begin anew nor be set back
            await ReopenAsync(connection, job, cancellationToken);
            await DoAsync(
                connection, "update {schema}.job_mergers set epoch = epoch + 1, watermark = $2, closed_up_to = $2, state = null, changed_at = now() where job = $1",
                cancellationToken, job.Name, long.MinValue);
            await ForgetAsync(connection, job, cancellationToken);
            return null;
        },
        cancellationToken);

    /// <summary>
    /// Has a job go on that was stopped, where its last checkpoints stood. One that was cancelled begins anew, with the oldest records that there are; its former
    /// results are taken out of the table and the lake first. Topics keep theirs.
    /// </summary>
    /// <param name="job">The job.</param>
    /// <param name="oldest">The oldest offset that Kafka has of each partition of the job's topic.</param>
    /// <param name="who">The operator.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Why nothing was done, or null when it was.</returns>
    public Task<JobRefusal?> StartAsync(Job job, IReadOnlyDictionary<int, long> oldest, string who, CancellationToken cancellationToken = default) => ChangeAsync(
        job, JobState.Running, who,
        async (connection, from) => from switch
        {
            JobState.Stopped => await GoOnAsync(connection, job, oldest, cancellationToken),
            JobState.Cancelled => await BeginAnewAsync(connection, job, oldest, cancellationToken),
            _ => AsState(from, JobState.Paused, JobState.Draining),
        },
        cancellationToken);

    private async Task<JobRefusal?> GoOnAsync(NpgsqlConnection connection, Job job, IReadOnlyDictionary<int, long> oldest, CancellationToken cancellationToken)
    {
        if (await GoneAsync(connection, job, oldest, cancellationToken) is { } refusal)
            return refusal;
        await ReopenAsync(connection, job, cancellationToken);
        return await PlaceAsync(connection, job, oldest, cancellationToken);
    }

    /// <summary>Where Kafka has dropped what a job would go on with, its partition would stop at the gap, for all jobs of the topic.</summary>
    private async Task<JobRefusal?> GoneAsync(NpgsqlConnection connection, Job job, IReadOnlyDictionary<int, long> oldest, CancellationToken cancellationToken)
    {
        var gone = await CountAsync(
            connection,
            $$"""
            select count(*) from {schema}.job_positions p join {{Owners("$2")}} o using (partition, incarnation)
            join unnest($3::int[], $4::bigint[]) as n (partition, low) using (partition) where p.job = $1 and p.next_offset < n.low
            """,
            cancellationToken, job.Name, job.Topic, oldest.Keys.ToArray(), oldest.Values.ToArray());
        return gone > 0 ? JobRefusal.RecordsGone : null;
    }

    private async Task<JobRefusal?> BeginAnewAsync(NpgsqlConnection connection, Job job, IReadOnlyDictionary<int, long> oldest, CancellationToken cancellationToken)
    {
        if (await IsInLakeAloneAsync(connection, job, cancellationToken))
            return JobRefusal.InLakeAlone;
        await DoAsync(connection, "delete from {schema}.job_results where job = $1", cancellationToken, job.Name); // before other jobs' checkpoints have to wait
        if (job.IsInLake)
            await JobLake.WithdrawAsync(store, connection, job, cancellationToken);
        await ReopenAsync(connection, job, cancellationToken);
        await ForgetAsync(connection, job, cancellationToken); // an owner that had begun before it was cancelled may have written since
        return await PlaceAsync(connection, job, oldest, cancellationToken);
    }

    /// <summary>
    /// Gives the job a position on each partition where it has none in its incarnation: without one it would begin wherever the partition is read just now. What it
    /// had counted of a former incarnation stays counted.
    /// </summary>
    private async Task<JobRefusal?> PlaceAsync(NpgsqlConnection connection, Job job, IReadOnlyDictionary<int, long> oldest, CancellationToken cancellationToken)
    {
        var unknown = await CountAsync(
            connection, $"select count(*) from {Owners("$1")} o where not o.partition = any($2)", cancellationToken, job.Topic, oldest.Keys.ToArray());
        if (unknown > 0)
            return JobRefusal.PartitionUnknown;
        await DoAsync(
            connection,
            $$"""
            insert into {schema}.job_positions as p (job, partition, topic, incarnation, next_offset, max_timestamp, watermark, records, late, keys, shape, checkpoint)
            select $1, o.partition, o.topic, o.incarnation, n.low, $5, $5, 0, 0, 0, $6, o.checkpoint
            from {{Owners("$2")}} o join unnest($3::int[], $4::bigint[]) as n (partition, low) on n.partition = o.partition
            on conflict (job, partition) do update set incarnation = excluded.incarnation, next_offset = excluded.next_offset where p.incarnation <> excluded.incarnation
            """,
            cancellationToken, job.Name, job.Topic, oldest.Keys.ToArray(), oldest.Values.ToArray(), long.MinValue, job.StateShape);
        return null;
    }

    private async Task<bool> IsInLakeAloneAsync(NpgsqlConnection connection, Job job, CancellationToken cancellationToken) =>
        job.IsInLake && !await JobLake.IsInTableAsync(store, connection, job, cancellationToken);

    /// <summary>Has the owners of the job's partitions take over anew what is kept. A checkpoint that is under way is either before this, or refused.</summary>
    private Task ReopenAsync(NpgsqlConnection connection, Job job, CancellationToken cancellationToken) =>
        DoAsync(connection, "update {schema}.job_owners set epoch = epoch + 1 where topic = $1", cancellationToken, job.Topic);

    private async Task ForgetAsync(NpgsqlConnection connection, Job job, CancellationToken cancellationToken)
    {
        foreach (var table in new[] { "positions", "state", "parts" })
            await DoAsync(connection, $"delete from {{schema}}.job_{table} where job = $1", cancellationToken, job.Name);
    }

    private async Task<JobRefusal?> ChangeAsync(
        Job job, JobState to, string who, Func<NpgsqlConnection, JobState, Task<JobRefusal?>> alsoAsync, CancellationToken cancellationToken)
    {
        await using var connection = await store.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await DoAsync(
            connection, "insert into {schema}.job_controls (job, state, changed_by) values ($1, 'Running', $2) on conflict do nothing", cancellationToken, job.Name, who);
        await using var command = new NpgsqlCommand(store.Sql("select state from {schema}.job_controls where job = $1 for update"), connection);
        JobStore.Add(command, job.Name);
        var from = Enum.Parse<JobState>((string)(await command.ExecuteScalarAsync(cancellationToken))!);
        if (await alsoAsync(connection, from) is { } refusal)
            return refusal;
        await DoAsync(
            connection, "update {schema}.job_controls set state = $2, changed_by = $3, changed_at = now() where job = $1", cancellationToken, job.Name, to.ToString(), who);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    private static JobRefusal? AsState(JobState state, params JobState[] refused) => !refused.Contains(state) ? null : state switch
    {
        JobState.Paused => JobRefusal.Paused,
        JobState.Draining => JobRefusal.Draining,
        JobState.Stopped => JobRefusal.Stopped,
        _ => JobRefusal.Cancelled,
    };

    private async Task<long> CountAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = new NpgsqlCommand(store.Sql(sql), connection);
        JobStore.Add(command, parameters);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task DoAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = new NpgsqlCommand(store.Sql(sql), connection) { CommandTimeout = 0 }; // a job may have millions of results
        JobStore.Add(command, parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

/// <summary>Why a job does not do what it was told. Nothing was done then.</summary>
public enum JobRefusal
{
    /// <summary>It is paused: it is in memory, and cannot be started.</summary>
    Paused,

    /// <summary>Its input ends.</summary>
    Draining,

    /// <summary>It is stopped: it is not in memory.</summary>
    Stopped,

    /// <summary>It is cancelled: it has nothing to go on with.</summary>
    Cancelled,

    /// <summary>Results that are too old for the table are in the job's lake alone, and would be lost if it began anew.</summary>
    InLakeAlone,

    /// <summary>Kafka has dropped records that it would go on with.</summary>
    RecordsGone,

    /// <summary>Kafka does not say where a partition of its topic begins.</summary>
    PartitionUnknown,
}
