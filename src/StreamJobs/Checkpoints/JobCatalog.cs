using System.Globalization;
using System.Text;
using System.Text.Json;
using Npgsql;
using StreamJobs.Engine;
using StreamJobs.Running;

namespace StreamJobs.Checkpoints;

/// <summary>Reads how jobs stand, what they have come to, and what operators want of them.</summary>
public sealed class JobCatalog(JobStore store)
{
    /// <summary>Where jobs stand, by job and partition.</summary>
    public Task<List<JobPartitionStatus>> PartitionsAsync(string? job, CancellationToken cancellationToken = default) => QueryAsync(
        """
        select p.job, p.partition, p.next_offset, p.watermark, p.drained, p.idle, p.records, p.late, p.keys, p.changed_at, coalesce(s.bytes, 0), p.shape,
            coalesce(p.job = any(o.unfit), false), coalesce(p.job = any(o.overfull), false)
        from {schema}.job_positions p
        left join {schema}.job_owners o on o.topic = p.topic and o.partition = p.partition
        left join (select job, partition, sum(octet_length(data)) as bytes from {schema}.job_state group by 1, 2) s on s.job = p.job and s.partition = p.partition
        where $1 = '' or p.job = $1 order by 1, 2
        """,
        [job ?? ""],
        r => new JobPartitionStatus(
            r.GetString(0), r.GetInt32(1), r.GetInt64(2), Time(r.GetInt64(3)), r.GetBoolean(4), r.GetBoolean(5), r.GetInt64(6), r.GetInt64(7), r.GetInt64(8),
            r.GetFieldValue<DateTimeOffset>(9), r.GetInt64(10), r.IsDBNull(11) ? null : r.GetString(11), r.GetBoolean(12), r.GetBoolean(13)),
        cancellationToken);

    /// <summary>The jobs whose partitions' parts have all been merged: their input has ended, and every result is final.</summary>
    public async Task<IReadOnlySet<string>> MergedToEndAsync(CancellationToken cancellationToken = default) => (await QueryAsync(
        $"select job from {{schema}}.job_mergers where watermark = {long.MaxValue.ToString(CultureInfo.InvariantCulture)}", [], r => r.GetString(0), cancellationToken)).ToHashSet(StringComparer.Ordinal);

    /// <summary>How far jobs have come by their checkpoints, of those that take records.</summary>
    public Task<List<JobOffset>> PositionsAsync(CancellationToken cancellationToken = default) => QueryAsync(
        """
        select p.job, p.incarnation, p.partition, p.next_offset, p.changed_at, p.shape
        from {schema}.job_positions p left join {schema}.job_controls c on c.job = p.job
        where not p.drained and coalesce(c.state, 'Running') in ('Running', 'Draining') order by 1, 3
        """,
        [], r => new JobOffset(r.GetString(0), r.GetString(1), r.GetInt32(2), r.GetInt64(3), r.GetFieldValue<DateTimeOffset>(4), r.IsDBNull(5) ? null : r.GetString(5)),
        cancellationToken);

    /// <summary>What operators want of jobs; one that isn't named runs.</summary>
    public Task<IReadOnlyDictionary<string, JobState>> ControlsAsync(CancellationToken cancellationToken = default) => store.ControlsAsync(cancellationToken);

    /// <summary>The newest checkpoints of a job's topic, and of its merger.</summary>
    public Task<List<CheckpointStatus>> CheckpointsAsync(Job job, int limit, CancellationToken cancellationToken = default) => QueryAsync(
        """
        select owner, checkpoint, taken_at, duration_ms, bytes, results from {schema}.job_checkpoints
        where owner like $1 or owner = $2 order by taken_at desc, owner limit $3
        """,
        [job.Topic.Replace("_", "\\_", StringComparison.Ordinal) + "/%", $"merger/{job.Name}", limit],
        r => new CheckpointStatus(r.GetString(0), r.GetInt64(1), r.GetFieldValue<DateTimeOffset>(2), r.GetInt32(3), r.GetInt64(4), r.GetInt32(5)),
        cancellationToken);

    /// <summary>How a job's lake stands; null when nothing was written yet.</summary>
    public async Task<LakeStatus?> LakeAsync(string job, CancellationToken cancellationToken = default) => (await QueryAsync(
        """
        select count(f.number), coalesce(sum(f.rows), 0)::bigint, coalesce(sum(f.bytes), 0)::bigint, l.changed_at, l.error
        from {schema}.job_lakes l left join {schema}.job_lake_files f on f.job = l.job and f.published
        where l.job = $1 group by l.job
        """,
        [job], r => new LakeStatus(r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetFieldValue<DateTimeOffset>(3), r.IsDBNull(4) ? null : r.GetString(4)),
        cancellationToken)).SingleOrDefault();

    /// <summary>What a job's code threw, the newest first.</summary>
    public Task<List<JobError>> ErrorsAsync(string job, int limit, CancellationToken cancellationToken = default) => QueryAsync(
        "select partition, record_offset, at, error from {schema}.job_exceptions where job = $1 order by id desc limit $2",
        [job, limit], r => new JobError(r.IsDBNull(0) ? null : r.GetInt32(0), r.IsDBNull(1) ? null : r.GetInt64(1), r.GetFieldValue<DateTimeOffset>(2), r.GetString(3)), cancellationToken);

    /// <summary>Results of closed windows, by end and key.</summary>
    /// <param name="job">The job.</param>
    /// <param name="query">Which.</param>
    /// <param name="limit">The most to return.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    public Task<List<StoredResult>> ResultsAsync(Job job, ResultQuery query, int limit, CancellationToken cancellationToken = default)
    {
        var sql = new StringBuilder("""
            select r.key, r.start_ms, r.end_ms, r.revision, r.value::text, r.end_ms + $2 <= w.watermark
            from {schema}.job_results r
            left join (
                select partition, watermark from {schema}.job_positions where job = $1
                union all select -1, watermark from {schema}.job_mergers where job = $1) w on w.partition = r.partition
            where r.job = $1 and not r.retracted
            """);
        var parameters = new List<object> { job.Name, (long)job.AllowedLateness.TotalMilliseconds };
        void And(string condition, params object[] values)
        {
            foreach (var value in values)
            {
                parameters.Add(value);
                var at = condition.IndexOf('?', StringComparison.Ordinal);
                condition = $"{condition[..at]}${parameters.Count}{condition[(at + 1)..]}";
            }

            sql.Append(" and ").Append(condition);
        }

        if (query.Key is { } key && job.Window is Interval)
            And(@"r.key ~>=~ ? and r.key ~<~ ? and r.key like '%|%' and regexp_replace(r.key, '\|[0-9.]+\|[0-9.]+$', '') = ?", $"{key}|", $"{key}}}", key); // '}' comes after '|'
        else if (query.Key is { } whole)
            And("r.key = ?", whole);
        if (query.From is { } from)
            And("r.start_ms >= ?", from.ToUnixTimeMilliseconds());
        if (query.To is { } to)
            And("r.start_ms < ?", to.ToUnixTimeMilliseconds());
        if (query.IsFinal is { } final)
            And(final ? "r.end_ms + $2 <= w.watermark" : "r.end_ms + $2 > coalesce(w.watermark, r.end_ms)");
        if (query.After is { } after)
            And("(r.end_ms, r.key, r.start_ms) > (?, ?, ?)", after.EndMs, after.Key, after.StartMs);
        sql.Append(" order by r.end_ms, r.key, r.start_ms limit ").Append(limit);
        return QueryAsync(
            sql.ToString(), [.. parameters],
            r => new StoredResult(
                r.GetString(0), r.GetInt64(1), r.GetInt64(2), r.GetInt32(3), JsonSerializer.Deserialize<JsonElement>(r.GetString(4)), !r.IsDBNull(5) && r.GetBoolean(5)),
            cancellationToken);
    }

    private async Task<List<T>> QueryAsync<T>(string sql, object[] parameters, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var command = store.Source.CreateCommand(store.Sql(sql));
        JobStore.Add(command, parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(read(reader));
        return rows;
    }

    private static DateTimeOffset? Time(long watermark) => watermark switch
    {
        long.MinValue => null,
        long.MaxValue => DateTimeOffset.MaxValue,
        _ => EventTime.At(watermark),
    };
}

/// <summary>Where a job stands on a partition, as of its last checkpoint.</summary>
/// <param name="Job">The job.</param>
/// <param name="Partition">The partition.</param>
/// <param name="NextOffset">The next offset to take.</param>
/// <param name="Watermark">Everything before this time was seen; null before the first record, the largest time when it is drained.</param>
/// <param name="IsDrained">Whether the input has ended.</param>
/// <param name="IsIdle">Whether nothing comes.</param>
/// <param name="Records">Records taken.</param>
/// <param name="Late">Records set aside.</param>
/// <param name="Keys">Keys in open windows.</param>
/// <param name="ChangedAt">When the checkpoint was written.</param>
/// <param name="StateBytes">Bytes of state.</param>
/// <param name="Shape">What the state looks like; null where an earlier version wrote it.</param>
/// <param name="IsUnfit">Whether the partition's owner cannot run the job with it.</param>
/// <param name="IsFull">Whether the job takes nothing there, because it has more keys than it may.</param>
public sealed record JobPartitionStatus(
    string Job, int Partition, long NextOffset, DateTimeOffset? Watermark, bool IsDrained, bool IsIdle, long Records, long Late, long Keys,
    DateTimeOffset ChangedAt, long StateBytes, string? Shape, bool IsUnfit, bool IsFull);

/// <summary>How far a job has come on a partition by its checkpoints.</summary>
/// <param name="Job">The job.</param>
/// <param name="Incarnation">The topic's incarnation.</param>
/// <param name="Partition">The partition.</param>
/// <param name="NextOffset">The next offset to take.</param>
/// <param name="ChangedAt">When the checkpoint was written.</param>
/// <param name="Shape">What the state looks like; null where an earlier version wrote it.</param>
public sealed record JobOffset(string Job, string Incarnation, int Partition, long NextOffset, DateTimeOffset ChangedAt, string? Shape);

/// <summary>A checkpoint that was written.</summary>
/// <param name="Owner"><c>topic/partition</c>, or <c>merger/job</c>.</param>
/// <param name="Number">Its number.</param>
/// <param name="TakenAt">When it was taken.</param>
/// <param name="DurationMs">How long it took to be written, in milliseconds.</param>
/// <param name="Bytes">Bytes of state and results.</param>
/// <param name="Results">How many results it holds.</param>
public sealed record CheckpointStatus(string Owner, long Number, DateTimeOffset TakenAt, int DurationMs, long Bytes, int Results);

/// <summary>How a job's lake stands.</summary>
/// <param name="Files">Files that readers see.</param>
/// <param name="Rows">Results in them.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="ChangedAt">When a file was added, or an error came or went.</param>
/// <param name="Error">Why it cannot be written now, and what to do; null when it can.</param>
public sealed record LakeStatus(long Files, long Rows, long Bytes, DateTimeOffset ChangedAt, string? Error);

/// <summary>What a job's code threw.</summary>
/// <param name="Partition">The partition; null in the merger.</param>
/// <param name="Offset">The record's offset; null when a window's result could not be computed, which there is none of then.</param>
/// <param name="At">When it was kept.</param>
/// <param name="Error">The exception's text.</param>
public sealed record JobError(int? Partition, long? Offset, DateTimeOffset At, string Error);

/// <summary>Which results; what is null does not matter.</summary>
/// <param name="Key">Those of a key; of a join, those of the key that it joins by.</param>
/// <param name="From">Windows that start at or after.</param>
/// <param name="To">Windows that start before.</param>
/// <param name="IsFinal">Those that can, or cannot, change any more.</param>
/// <param name="After">Those behind a place in the list.</param>
public sealed record ResultQuery(string? Key, DateTimeOffset? From, DateTimeOffset? To, bool? IsFinal, ResultPlace? After);

/// <summary>A place in a list of results.</summary>
public sealed record ResultPlace(long EndMs, string Key, long StartMs)
{
    /// <summary>Whether a result comes behind this place.</summary>
    public bool IsBefore(long endMs, string key, long startMs) =>
        (endMs.CompareTo(EndMs), string.CompareOrdinal(key, Key), startMs.CompareTo(StartMs)) switch
        {
            (not 0 and var end, _, _) => end > 0,
            (_, not 0 and var text, _) => text > 0,
            var (_, _, start) => start > 0,
        };
}

/// <summary>A result of a closed window.</summary>
/// <param name="Key">The key.</param>
/// <param name="StartMs">The window's start, in Unix milliseconds.</param>
/// <param name="EndMs">Its end.</param>
/// <param name="Revision">0 for the first result.</param>
/// <param name="Value">What was computed: a JSON object with the job's names.</param>
/// <param name="IsFinal">Whether it cannot change any more.</param>
public sealed record StoredResult(string Key, long StartMs, long EndMs, int Revision, JsonElement Value, bool IsFinal);
