using Npgsql;

namespace StreamJobs.Checkpoints;

/// <summary>What an operator does with a job's lake.</summary>
/// <param name="store">Where its files are written down.</param>
public sealed class JobLake(JobStore store)
{
    /// <summary>
    /// Has all of a job's files taken away and its results written anew from the table: after a folder was lost, or a file. Until that is done, readers see less.
    /// </summary>
    /// <returns>False when the table does not have all of its results any more, because of <see cref="Job.ResultsKept"/> now or before: nothing was done.</returns>
    public async Task<bool> RewriteAsync(Job job, CancellationToken cancellationToken = default)
    {
        await using var connection = await store.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await IsInTableAsync(store, connection, job, cancellationToken))
            return false;
        await WithdrawAsync(store, connection, job, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Whether the table still has every result that files hold.</summary>
    internal static async Task<bool> IsInTableAsync(JobStore store, NpgsqlConnection connection, Job job, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(store.Sql("""
            select coalesce((select sum(rows) from {schema}.job_lake_files where job = $1 and not withdrawn), 0) <= (
                select count(*) from {schema}.job_results r join {schema}.job_lake_cursors c on c.job = r.job and c.partition = r.partition
                where r.job = $1 and not r.retracted and (r.end_ms, r.key, r.start_ms) <= (c.end_ms, c.key, c.start_ms))
            """), connection);
        JobStore.Add(command, job.Name);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Within the caller's transaction.</summary>
    internal static async Task WithdrawAsync(JobStore store, NpgsqlConnection connection, Job job, CancellationToken cancellationToken)
    {
        // The owner that writes now is fenced: what it has under way is either withdrawn too, or never written down.
        foreach (var sql in new[]
        {
            "update {schema}.job_lakes set epoch = epoch + 1 where job = $1",
            "delete from {schema}.job_lake_cursors where job = $1",
            "update {schema}.job_lake_files set withdrawn = true where job = $1",
        })
        {
            await using var command = new NpgsqlCommand(store.Sql(sql), connection);
            JobStore.Add(command, job.Name);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
