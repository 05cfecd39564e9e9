using System.Text.Json;
using Npgsql;
using StreamJobs.Checkpoints;

namespace StreamJobs.Lake;

/// <summary>What is known of a job's lake in Postgres: its owner, its files, and how far results are in them.</summary>
internal sealed class LakeStore(JobStore store, Job job)
{
    /// <summary>Makes the caller the lake's owner.</summary>
    /// <returns>Its epoch, the number of the last file, and the files that are written down.</returns>
    public async Task<(long Epoch, long Last, IReadOnlyList<ListedFile> Files)> TakeOverAsync(CancellationToken cancellationToken)
    {
        await using var connection = await store.Source.OpenConnectionAsync(cancellationToken);
        await using var own = new NpgsqlCommand(store.Sql("""
            insert into {schema}.job_lakes as l (job, epoch) values ($1, 1) on conflict (job) do update set epoch = l.epoch + 1 returning epoch, files
            """), connection);
        JobStore.Add(own, job.Name);
        long epoch, last;
        await using (var reader = await own.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            (epoch, last) = (reader.GetInt64(0), reader.GetInt64(1));
        }

        await using var list = new NpgsqlCommand(store.Sql(
            "select number, path, rows, bytes, published, withdrawn from {schema}.job_lake_files where job = $1 order by number"), connection);
        JobStore.Add(list, job.Name);
        await using var found = await list.ExecuteReaderAsync(cancellationToken);
        var files = new List<ListedFile>();
        while (await found.ReadAsync(cancellationToken))
            files.Add(new(new(found.GetInt64(0), found.GetString(1), found.GetInt64(2), found.GetInt64(3)), found.GetBoolean(4), found.GetBoolean(5)));
        return (epoch, last, files);
    }

    /// <summary>Final results that are in no file yet, partition by partition, in the order of end, key and start.</summary>
    /// <param name="limit">The most to return.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    /// <remarks>A watermark and all results that are final by it are written in one transaction; so what comes later lies behind what is read here.</remarks>
    public async Task<IReadOnlyList<LakeRow>> ReadAsync(int limit, CancellationToken cancellationToken)
    {
        await using var connection = await store.Source.OpenConnectionAsync(cancellationToken);
        var rows = new List<LakeRow>();
        foreach (var place in await PlacesAsync(connection, cancellationToken))
        {
            if (rows.Count < limit)
                await ReadAsync(connection, place, limit - rows.Count, rows, cancellationToken);
        }

        return rows;
    }

    /// <summary>Writes down files that are ready, and that their results are in them.</summary>
    /// <returns>False when another owner has taken over: nothing was written.</returns>
    public async Task<bool> CommitAsync(long epoch, IReadOnlyList<LakeFile> files, IEnumerable<LakeRow> last, CancellationToken cancellationToken)
    {
        await using var connection = await store.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var fence = new NpgsqlCommand(store.Sql(
            "update {schema}.job_lakes set files = $3, error = null, changed_at = now() where job = $1 and epoch = $2"), connection);
        JobStore.Add(fence, job.Name, epoch, files[^1].Number);
        if (await fence.ExecuteNonQueryAsync(cancellationToken) == 0)
            return false;
        await using var batch = new NpgsqlBatch(connection);
        foreach (var row in last)
        {
            store.Command(batch, """
                insert into {schema}.job_lake_cursors (job, partition, end_ms, key, start_ms) values ($1, $2, $3, $4, $5)
                on conflict (job, partition) do update set end_ms = excluded.end_ms, key = excluded.key, start_ms = excluded.start_ms
                """, job.Name, row.Partition, row.EndMs, row.Key, row.StartMs);
        }

        foreach (var file in files)
        {
            store.Command(
                batch, "insert into {schema}.job_lake_files (job, number, path, rows, bytes) values ($1, $2, $3, $4, $5)",
                job.Name, file.Number, file.Path, file.Rows, file.Bytes);
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Whether an epoch is still the newest.</summary>
    public async Task<bool> IsOwnerAsync(long epoch, CancellationToken cancellationToken)
    {
        await using var command = store.Source.CreateCommand(store.Sql("select exists (select from {schema}.job_lakes where job = $1 and epoch = $2)"));
        JobStore.Add(command, job.Name, epoch);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Writes down that a file is in its place.</summary>
    public Task PublishedAsync(LakeFile file, CancellationToken cancellationToken) => ExecuteAsync(
        "update {schema}.job_lake_files set published = true where job = $1 and number = $2", [job.Name, file.Number], cancellationToken);

    /// <summary>Forgets files that were withdrawn and are gone.</summary>
    public Task ForgetAsync(IEnumerable<LakeFile> files, CancellationToken cancellationToken) => ExecuteAsync(
        "delete from {schema}.job_lake_files where job = $1 and number = any($2) and withdrawn", [job.Name, files.Select(f => f.Number).ToArray()], cancellationToken);

    /// <summary>Writes down why the lake cannot be written, or that it can again.</summary>
    public Task SayAsync(string? error, CancellationToken cancellationToken) => ExecuteAsync(
        "update {schema}.job_lakes set error = $2, changed_at = now() where job = $1 and error is distinct from $2", [job.Name, (object?)error ?? DBNull.Value], cancellationToken);

    /// <summary>Up to which end a partition's results are final, and the last that is in a file.</summary>
    private async Task<IReadOnlyList<Place>> PlacesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(store.Sql($$"""
            select w.partition, w.watermark, c.end_ms, c.key, c.start_ms from (
                {{(job.IsMerged ? "select -1 as partition, watermark from {schema}.job_mergers where job = $1" : "select partition, watermark from {schema}.job_positions where job = $1")}}) w
            left join {schema}.job_lake_cursors c on c.job = $1 and c.partition = w.partition
            where w.watermark > $2 order by 1
            """), connection);
        JobStore.Add(command, job.Name, long.MinValue);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var places = new List<Place>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var watermark = reader.GetInt64(1);
            var final = watermark == long.MaxValue ? watermark : watermark - (long)job.AllowedLateness.TotalMilliseconds;
            places.Add(await reader.IsDBNullAsync(2, cancellationToken)
                ? new(reader.GetInt32(0), final, long.MinValue, "", long.MinValue)
                : new(reader.GetInt32(0), final, reader.GetInt64(2), reader.GetString(3), reader.GetInt64(4)));
        }

        return places;
    }

    private async Task ReadAsync(NpgsqlConnection connection, Place place, int limit, List<LakeRow> rows, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(store.Sql("""
            select key, start_ms, end_ms, revision, value::text from {schema}.job_results
            where job = $1 and partition = $2 and not retracted and end_ms <= $3 and end_ms >= $4 and (end_ms, key, start_ms) > ($4, $5, $6)
            order by end_ms, key, start_ms limit $7
            """), connection);
        JobStore.Add(command, job.Name, place.Partition, place.Final, place.EndMs, place.Key, place.StartMs, limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new(
                place.Partition, reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt32(3), JsonSerializer.Deserialize<JsonElement>(reader.GetString(4))));
        }
    }

    private async Task ExecuteAsync(string sql, object[] parameters, CancellationToken cancellationToken)
    {
        await using var command = store.Source.CreateCommand(store.Sql(sql));
        JobStore.Add(command, parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private readonly record struct Place(int Partition, long Final, long EndMs, string Key, long StartMs);
}

/// <summary>A file that is written down.</summary>
/// <param name="File">The file.</param>
/// <param name="IsPublished">Whether it was moved to its place.</param>
/// <param name="IsWithdrawn">Whether it must go, since its results are written anew.</param>
internal sealed record ListedFile(LakeFile File, bool IsPublished, bool IsWithdrawn);
