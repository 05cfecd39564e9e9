using System.Reflection;
using System.Text;
using Npgsql;
using StreamJobs.Engine;
using StreamJobs.Running;
using StreamJobs.State;

namespace StreamJobs.Checkpoints;

/// <summary>What jobs keep in Postgres: checkpoints, written in one transaction each and fenced by their owner's epoch.</summary>
/// <param name="source">The database; it is not disposed of here.</param>
/// <param name="schema">The schema, a plain identifier; it exists.</param>
public sealed class JobStore(NpgsqlDataSource source, string schema)
{
    private const int KeptCheckpoints = 100;
    private const int KeptExceptions = 1000;

    internal NpgsqlDataSource Source => source;

    /// <summary>Makes a statement that names the schema as <c>{schema}</c>.</summary>
    internal string Sql(string text) => text.Replace("{schema}", schema, StringComparison.Ordinal);

    /// <summary>
    /// Creates what is missing, and a view of each job's results that are kept in the table: <c>results_</c> and its name, with hyphens as underscores. What another process has
    /// created is not touched: even a statement that changes nothing would wait for the jobs that run, and they for it.
    /// </summary>
    /// <param name="jobs">The jobs.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The jobs whose view has other columns than their results, because something in the database was built upon it.</returns>
    public async Task<IReadOnlyList<string>> CreateTablesAsync(IEnumerable<Job>? jobs = null, CancellationToken cancellationToken = default)
    {
        using var script = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("stream-jobs.sql")!);
        var text = Sql(await script.ReadToEndAsync(cancellationToken));
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand("select pg_advisory_xact_lock(hashtextextended($1, 0))", connection);
        command.Parameters.Add(new() { Value = $"{schema} stream jobs" });
        await command.ExecuteNonQueryAsync(cancellationToken);
        var digests = await SchemaDigests.ReadAsync(connection, schema, cancellationToken);
        if (!digests.IsCurrent("tables", text))
        {
            await using var create = new NpgsqlCommand(text, connection) { CommandTimeout = 0 }; // an index over many results takes its time
            await create.ExecuteNonQueryAsync(cancellationToken);
            await digests.SetAsync("tables", text, cancellationToken);
        }

        var kept = new List<string>();
        foreach (var view in jobs?.Where(j => !j.IsOnlyToTopics).Select(j => new ResultView(j, schema)) ?? [])
        {
            if (digests.IsCurrent(view.Name, view.Definition))
                continue;
            if (await view.TryCreateAsync(connection, transaction, cancellationToken))
                await digests.SetAsync(view.Name, view.Definition, cancellationToken);
            else
                kept.Add(view.Job);
        }

        await transaction.CommitAsync(cancellationToken);
        return kept;
    }

    /// <summary>The smallest position of a partition's jobs, for the incarnation, and the newest other incarnation.</summary>
    /// <returns>Null when a job has none yet.</returns>
    public async Task<(long? NextOffset, string? FormerIncarnation)> PositionAsync(
        string topic, string incarnation, int partition, IReadOnlyCollection<Job> jobs, CancellationToken cancellationToken)
    {
        // A job that takes no records now, because it is paused, has too many keys or its state does not fit, does not hold the others back; one that is not in memory has no say at all.
        await using var command = source.CreateCommand(Sql("""
            select count(*) filter (where p.job is null and not away and not coalesce(w.name = any(o.unfit), false)),
                coalesce(
                    min(p.next_offset) filter (where not away and not p.drained and state <> 'Paused' and coalesce(p.shape, w.shape) = w.shape and not coalesce(w.name = any(o.overfull || o.unfit), false)),
                    max(p.next_offset)),
                (select max(f.incarnation) from {schema}.job_positions f
                 where f.topic = $2 and f.partition = $3 and f.incarnation <> $1 and f.job = any($4))
            from (
                select j.name, j.shape, coalesce(c.state, 'Running') as state, coalesce(c.state in ('Stopped', 'Cancelled'), false) as away
                from unnest($4::text[], $5::text[]) as j (name, shape) left join {schema}.job_controls c on c.job = j.name) w
            left join {schema}.job_positions p on p.job = w.name and p.topic = $2 and p.partition = $3 and p.incarnation = $1
            left join {schema}.job_owners o on o.topic = $2 and o.partition = $3
            """));
        Add(command, incarnation, topic, partition, jobs.Select(j => j.Name).ToArray(), jobs.Select(j => j.StateShape).ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (
            reader.GetInt64(0) > 0 || await reader.IsDBNullAsync(1, cancellationToken) ? null : reader.GetInt64(1),
            await reader.IsDBNullAsync(2, cancellationToken) ? null : reader.GetString(2));
    }

    /// <summary>The epoch of a partition's owner; an operator raises it too, so that what was kept is taken anew.</summary>
    internal async Task<long> EpochAsync(string topic, int partition, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql("select epoch from {schema}.job_owners where topic = $1 and partition = $2"));
        Add(command, topic, partition);
        return await command.ExecuteScalarAsync(cancellationToken) is long epoch ? epoch : 0;
    }

    /// <summary>What operators want of jobs; one that isn't named runs.</summary>
    internal async Task<IReadOnlyDictionary<string, JobState>> ControlsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await ReadControlsAsync(connection, cancellationToken);
    }

    /// <summary>
    /// Makes the caller the owner of a partition's jobs, and gives it what was kept. Where a job begins that has no position in the incarnation is written down at once: the partition may be
    /// opened again, further on, before the job's first checkpoint, and what it had taken until then would be passed over.
    /// </summary>
    internal async Task<Takeover> TakeOverAsync(
        string topic, string incarnation, int partition, IEnumerable<Job> jobs, long startOffset, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var own = new NpgsqlCommand(Sql("""
            insert into {schema}.job_owners as o (topic, partition, incarnation, epoch) values ($1, $2, $3, 1)
            on conflict (topic, partition) do update set epoch = o.epoch + 1, incarnation = excluded.incarnation, changed_at = now()
            returning epoch, checkpoint
            """), connection);
        Add(own, topic, partition, incarnation);
        long epoch, checkpoint;
        await using (var reader = await own.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            (epoch, checkpoint) = (reader.GetInt64(0), reader.GetInt64(1));
        }

        var controls = await ReadControlsAsync(connection, cancellationToken);
        var away = controls.Where(c => c.Value is JobState.Stopped or JobState.Cancelled).Select(c => c.Key).ToHashSet(StringComparer.Ordinal);
        var kept = new Dictionary<string, KeptJob>(StringComparer.Ordinal);
        var present = jobs.Where(j => !away.Contains(j.Name)).ToArray();
        foreach (var job in present)
        {
            if (await ReadJobAsync(connection, job.Name, partition, cancellationToken) is { } found)
                kept.Add(job.Name, found);
        }

        await PlaceAsync(connection, topic, incarnation, partition, present, startOffset, cancellationToken);
        var outbox = await ReadOutboxAsync(connection, PartitionCheckpoint.OwnerOf(topic, partition), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new(epoch, checkpoint, kept, away, outbox);
    }

    /// <summary>What a job had counted of a former incarnation stays counted.</summary>
    private async Task PlaceAsync(
        NpgsqlConnection connection, string topic, string incarnation, int partition, IReadOnlyCollection<Job> jobs, long startOffset, CancellationToken cancellationToken)
    {
        await using var place = new NpgsqlCommand(Sql("""
            insert into {schema}.job_positions as p (job, partition, topic, incarnation, next_offset, max_timestamp, watermark, records, late, keys, shape, checkpoint)
            select name, $1, $2, $3, $4, $5, $5, 0, 0, 0, shape, o.checkpoint
            from unnest($6::text[], $7::text[]) as j (name, shape) join {schema}.job_owners o on o.topic = $2 and o.partition = $1
            on conflict (job, partition) do update
            set topic = excluded.topic, incarnation = excluded.incarnation, next_offset = excluded.next_offset, idle = false, changed_at = now()
            where p.incarnation <> excluded.incarnation
            """), connection);
        Add(place, partition, topic, incarnation, startOffset, long.MinValue, jobs.Select(j => j.Name).ToArray(), jobs.Select(j => j.StateShape).ToArray());
        await place.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Says which jobs the owner of a partition cannot run: those that what they kept does not fit, and those with too many keys.</summary>
    internal async Task SayHindrancesAsync(
        string topic, int partition, long epoch, IEnumerable<string> unfit, IEnumerable<string> full, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql("""
            update {schema}.job_owners set unfit = $4, overfull = $5
            where topic = $1 and partition = $2 and epoch = $3 and (unfit, overfull) is distinct from ($4, $5)
            """));
        Add(command, topic, partition, epoch, unfit.Order(StringComparer.Ordinal).ToArray(), full.Order(StringComparer.Ordinal).ToArray());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Writes a checkpoint. One that is written already, although nobody heard of it, stays as it is.</summary>
    /// <returns>False when another owner has taken the partition over: nothing was written.</returns>
    internal async Task<bool> CommitAsync(PartitionCheckpoint checkpoint, DateTimeOffset takenAt, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var fence = new NpgsqlCommand(Sql("""
            with mine as (select checkpoint from {schema}.job_owners where topic = $1 and partition = $2 and epoch = $3 for update),
            moved as (
                update {schema}.job_owners set checkpoint = $4, changed_at = now()
                where topic = $1 and partition = $2 and exists (select from mine where checkpoint < $4))
            select max(checkpoint) from mine
            """), connection);
        Add(fence, checkpoint.Topic, checkpoint.Partition, checkpoint.Epoch, checkpoint.Number);
        if (await fence.ExecuteScalarAsync(cancellationToken) is not long last)
            return false;
        if (last >= checkpoint.Number)
            return true;

        await using var batch = new NpgsqlBatch(connection);
        foreach (var job in checkpoint.Jobs)
            AddJob(batch, checkpoint, job);
        var bytes = checkpoint.Jobs.Sum(j => j.Changes.Sum(c => (long)(c.Data?.Length ?? 0)) + j.Parts.Sum(p => (long)p.Value.Length))
            + checkpoint.Outbox.Sum(o => (long)o.Data.Length);
        AddOutbox(batch, checkpoint.Owner, checkpoint.Number, checkpoint.Outbox, checkpoint.SentUpTo);
        AddHistory(batch, checkpoint.Owner, checkpoint.Number, takenAt, bytes, checkpoint.Jobs.Sum(j => j.Results.Count));
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Forgets what an owner has sent to topics, up to a checkpoint. The next checkpoint does so too, but may be long in coming.</summary>
    internal async Task ForgetSentAsync(string owner, long upTo, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql("delete from {schema}.job_outbox where owner = $1 and checkpoint <= $2"));
        Add(command, owner, upTo);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    internal void AddResults(NpgsqlBatch batch, string job, int partition, long number, IReadOnlyList<ResultRow> results)
    {
        if (results.Count == 0)
            return;

        // Within one checkpoint a window may have been corrected: the last revision counts.
        var last = new Dictionary<(string, long), ResultRow>(results.Count);
        foreach (var row in results)
            last[(row.Key, row.StartMs)] = row;
        var rows = last.Values;
        Command(batch, """
            insert into {schema}.job_results as r (job, key, start_ms, end_ms, revision, retracted, partition, value, checkpoint)
            select $1, key, start_ms, end_ms, revision, retracted, $2, convert_from(value, 'UTF8')::jsonb, $9
            from unnest($3::text[], $4::bigint[], $5::bigint[], $6::int[], $7::boolean[], $8::bytea[]) as n (key, start_ms, end_ms, revision, retracted, value)
            order by key, start_ms
            on conflict (job, key, start_ms) do update set
                end_ms = excluded.end_ms, revision = excluded.revision, retracted = excluded.retracted, partition = excluded.partition, value = excluded.value,
                checkpoint = excluded.checkpoint
            """,
            job, partition, rows.Select(r => r.Key).ToArray(), rows.Select(r => r.StartMs).ToArray(), rows.Select(r => r.EndMs).ToArray(),
            rows.Select(r => r.Revision).ToArray(), rows.Select(r => r.Retracted).ToArray(), rows.Select(r => r.Json).ToArray(), number);
    }

    internal void AddExceptions(NpgsqlBatch batch, string job, int? partition, IReadOnlyList<(long? Offset, string Error)> exceptions)
    {
        if (exceptions.Count == 0)
            return;
        foreach (var (offset, error) in exceptions)
        {
            Command(
                batch, "insert into {schema}.job_exceptions (job, partition, record_offset, error) values ($1, $2, $3, $4)",
                job, (object?)partition ?? DBNull.Value, (object?)offset ?? DBNull.Value, Mended(error));
        }

        Command(batch, """
            delete from {schema}.job_exceptions where job = $1 and id <= (
                select id from {schema}.job_exceptions where job = $1 order by id desc offset $2 limit 1)
            """, job, KeptExceptions);
    }

    /// <summary>What Postgres stores of a text: neither U+0000 nor half of a surrogate pair.</summary>
    private static string Mended(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\ufffd');

    internal void AddOutbox(NpgsqlBatch batch, string owner, long number, IReadOnlyList<(string Topic, byte[] Data)> outbox, long sentUpTo)
    {
        Command(batch, "delete from {schema}.job_outbox where owner = $1 and checkpoint <= $2", owner, sentUpTo);
        foreach (var (topic, data) in outbox)
            Command(batch, "insert into {schema}.job_outbox (owner, checkpoint, topic, data) values ($1, $2, $3, $4)", owner, number, topic, data);
    }

    internal void AddHistory(NpgsqlBatch batch, string owner, long number, DateTimeOffset takenAt, long bytes, int results)
    {
        Command(batch, """
            insert into {schema}.job_checkpoints (owner, checkpoint, taken_at, duration_ms, bytes, results)
            values ($1, $2, $3, least(greatest(0, extract(epoch from clock_timestamp() - $3) * 1000), 2147483647)::int, $4, $5)
            """, owner, number, takenAt.ToUniversalTime(), bytes, results);
        Command(batch, "delete from {schema}.job_checkpoints where owner = $1 and checkpoint <= $2", owner, number - KeptCheckpoints);
    }

    internal async Task<IReadOnlyList<(long Checkpoint, string Topic, byte[] Data)>> ReadOutboxAsync(
        NpgsqlConnection connection, string owner, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql("select checkpoint, topic, data from {schema}.job_outbox where owner = $1 order by checkpoint, topic"), connection);
        Add(command, owner);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<(long, string, byte[])>();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add((reader.GetInt64(0), reader.GetString(1), reader.GetFieldValue<byte[]>(2)));
        return rows;
    }

    internal void Command(NpgsqlBatch batch, string sql, params object[] parameters)
    {
        var command = batch.CreateBatchCommand();
        command.CommandText = Sql(sql);
        foreach (var value in parameters)
            command.Parameters.Add(new() { Value = value });
        batch.BatchCommands.Add(command);
    }

    internal static void Add(NpgsqlCommand command, params object[] parameters)
    {
        foreach (var value in parameters)
            command.Parameters.Add(new() { Value = value });
    }

    private void AddJob(NpgsqlBatch batch, PartitionCheckpoint checkpoint, JobCheckpoint job)
    {
        var p = job.Position;
        Command(batch, """
            insert into {schema}.job_positions
                (job, partition, topic, incarnation, next_offset, max_timestamp, watermark, drained, idle, records, late, keys, shape, final_up_to, checkpoint)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            on conflict (job, partition) do update set
                topic = excluded.topic, incarnation = excluded.incarnation, next_offset = excluded.next_offset, max_timestamp = excluded.max_timestamp,
                watermark = excluded.watermark, drained = excluded.drained, idle = excluded.idle, records = excluded.records, late = excluded.late,
                keys = excluded.keys, shape = excluded.shape, final_up_to = excluded.final_up_to, checkpoint = excluded.checkpoint, changed_at = now()
            """, job.Job, checkpoint.Partition, checkpoint.Topic, checkpoint.Incarnation, p.NextOffset, p.MaxTimestamp, p.Watermark, p.IsDrained, p.IsIdle,
            p.Records, p.Late, p.Keys, job.Shape, p.FinalUpTo, checkpoint.Number);

        // First what is gone: a pane may be back, in other groups.
        AddGone(batch, job.Job, checkpoint.Partition, [.. job.Changes.Where(c => c.Data is null)]);
        AddState(batch, job.Job, checkpoint.Partition, [.. job.Changes.Where(c => c.Data is not null)]);
        if (job.Parts.Count > 0)
        {
            Command(batch, """
                insert into {schema}.job_parts as p (job, slice, partition, version, data)
                select $1, slice, $2, $3, data from unnest($4::bigint[], $5::bytea[]) as n (slice, data) order by slice
                on conflict (job, slice, partition) do update set
                    version = excluded.version, merged = false, data = excluded.data, merged_data = case when p.merged then p.data else p.merged_data end
                """, job.Job, checkpoint.Partition, checkpoint.Number, job.Parts.Select(x => x.Key).ToArray(), job.Parts.Select(x => x.Value).ToArray());
        }

        AddResults(batch, job.Job, checkpoint.Partition, checkpoint.Number, job.Results);
        AddExceptions(batch, job.Job, checkpoint.Partition, job.Exceptions);
    }

    private void AddGone(NpgsqlBatch batch, string job, int partition, IReadOnlyList<StateBlob> gone)
    {
        if (gone.Count == 0)
            return;
        Command(batch, """
            delete from {schema}.job_state s using unnest($3::bigint[], $4::int[]) as n (pane, key_group)
            where s.job = $1 and s.partition = $2 and s.pane = n.pane and (n.key_group < 0 or s.key_group = n.key_group)
            """, job, partition, gone.Select(c => c.Pane).ToArray(), gone.Select(c => c.Group).ToArray());
    }

    private void AddState(NpgsqlBatch batch, string job, int partition, IReadOnlyList<StateBlob> kept)
    {
        if (kept.Count == 0)
            return;
        Command(batch, """
            insert into {schema}.job_state (job, partition, pane, key_group, data)
            select $1, $2, pane, key_group, data from unnest($3::bigint[], $4::int[], $5::bytea[]) as n (pane, key_group, data)
            on conflict (job, partition, pane, key_group) do update set data = excluded.data
            """, job, partition, kept.Select(c => c.Pane).ToArray(), kept.Select(c => c.Group).ToArray(), kept.Select(c => c.Data!).ToArray());
    }

    private async Task<Dictionary<string, JobState>> ReadControlsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql("select job, state from {schema}.job_controls"), connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var states = new Dictionary<string, JobState>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
            states.Add(reader.GetString(0), Enum.Parse<JobState>(reader.GetString(1)));
        return states;
    }

    private async Task<KeptJob?> ReadJobAsync(NpgsqlConnection connection, string job, int partition, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql("""
            select next_offset, max_timestamp, watermark, coalesce(final_up_to, $3), drained, idle, records, late, keys, incarnation, shape
            from {schema}.job_positions where job = $1 and partition = $2
            """), connection);
        Add(command, job, partition, long.MinValue);
        JobPosition position;
        string incarnation;
        string? shape;
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            if (!await reader.ReadAsync(cancellationToken))
                return null;
            position = new(
                reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetBoolean(4), reader.GetBoolean(5), reader.GetInt64(6), reader.GetInt64(7),
                reader.GetInt64(8));
            incarnation = reader.GetString(9);
            shape = await reader.IsDBNullAsync(10, cancellationToken) ? null : reader.GetString(10);
        }

        await using var state = new NpgsqlCommand(Sql("select pane, key_group, data from {schema}.job_state where job = $1 and partition = $2"), connection);
        Add(state, job, partition);
        await using var blobs = await state.ExecuteReaderAsync(cancellationToken);
        var kept = new List<StateBlob>();
        while (await blobs.ReadAsync(cancellationToken))
            kept.Add(new(blobs.GetInt64(0), blobs.GetInt32(1), blobs.GetFieldValue<byte[]>(2)));
        return new(position, incarnation, shape, kept);
    }
}
