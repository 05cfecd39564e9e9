namespace StreamJobs.Checkpoints;

/// <summary>Takes old results out of the table.</summary>
/// <param name="store">Where they are.</param>
public sealed class ResultAge(JobStore store)
{
    /// <summary>A delete's rows: few enough not to hold up a checkpoint.</summary>
    private const int Rows = 5_000;

    /// <summary>Takes a job's results out that are final and older than <see cref="Job.ResultsKept"/>, except those that the lake still waits for.</summary>
    /// <param name="job">The job; nothing happens when its results are kept for ever.</param>
    /// <param name="cancellationToken">Stops between two deletes.</param>
    /// <returns>How many there were.</returns>
    public async Task<long> TrimAsync(Job job, CancellationToken cancellationToken)
    {
        if (job.ResultsKept is not { } age)
            return 0;
        var all = 0L;
        int gone;
        do
        {
            // A drained job's watermark is at the end of time; its newest record tells how old a result is.
            await using var command = store.Source.CreateCommand(store.Sql("""
                with newest as (
                    select partition, least(watermark, max_timestamp) as at from {schema}.job_positions where job = $1
                    union all
                    select -1, least(m.watermark, (select max(max_timestamp) from {schema}.job_positions where job = $1)) from {schema}.job_mergers m where job = $1),
                old as (
                    select r.ctid from {schema}.job_results r join newest n on n.partition = r.partition
                    left join {schema}.job_lake_cursors c on c.job = r.job and c.partition = r.partition
                    where r.job = $1 and not ($4 and exists (select from {schema}.job_lake_files f where f.job = $1 and not f.published)) and n.at > $2 and r.end_ms < n.at - $3 and (not $4 or (r.end_ms, r.key, r.start_ms) <= (c.end_ms, c.key, c.start_ms))
                    limit $5)
                delete from {schema}.job_results where ctid in (select ctid from old)
                """));
            JobStore.Add(command, job.Name, long.MinValue / 2, (long)(age + job.AllowedLateness).TotalMilliseconds, job.IsInLake, Rows);
            gone = await command.ExecuteNonQueryAsync(cancellationToken);
            all += gone;
        }
        while (gone == Rows);

        return all;
    }
}
