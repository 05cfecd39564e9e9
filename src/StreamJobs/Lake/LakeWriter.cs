using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using StreamJobs.Running;

namespace StreamJobs.Lake;

/// <summary>
/// Writes a job's final results into Parquet files, each result once. A file is made under a temporary name, then written down in Postgres together with how
/// far results are in files, then moved to its place. So a reader sees no half of a file, and after a crash at any point the next owner moves what was
/// written down and throws away what was not.
/// </summary>
/// <param name="job">The job.</param>
/// <param name="services">What it needs; <see cref="JobOptions.LakeFolder"/> is set.</param>
/// <remarks>Not for concurrent use.</remarks>
public sealed partial class LakeWriter(Job job, JobServices services)
{
    private readonly LakeStore _store = new(services.Store, job);
    private readonly LakeTable _table = new(job.ResultType);
    private readonly string _folder = Path.Combine(services.Options.LakeFolder!, job.Name);
    private readonly Queue<LakeFile> _unpublished = [];
    private readonly ILogger _logger = services.Logger;
    private long _addedAt;
    private TimeSpan _pause;
    private long _epoch;
    private long _files;

    /// <summary>The most results that are read at a time.</summary>
    internal int MaxRows { get; init; } = 100_000;

    /// <summary>Whether another owner has taken over: this one writes nothing more.</summary>
    public bool IsFenced { get; private set; }

    /// <summary>Takes the lake over from its former owner.</summary>
    /// <exception cref="LakeException">The folder cannot be used.</exception>
    public Task OpenAsync(CancellationToken cancellationToken) => SayingAsync(async () =>
    {
        // What is there before it is taken over is a former owner's; what comes after may be the next one's, should this one be held up here.
        var temporary = Directory.CreateDirectory(Path.Combine(_folder, LakeFile.TemporaryFolder)).GetFiles();
        var there = Directory.GetFiles(_folder, "*.parquet", SearchOption.AllDirectories);
        (_epoch, _files, var files) = await _store.TakeOverAsync(cancellationToken);
        await WithdrawAsync([.. files.Where(f => f.IsWithdrawn).Select(f => f.File)], cancellationToken);
        var listed = files.Where(f => !f.IsWithdrawn).ToArray();

        // Where the power failed, a file may have gone back to where it was before it was published.
        foreach (var file in listed.Where(f => !f.IsPublished || (IsThere(f.File.TemporaryPath) && !IsThere(f.File.Path))))
            _unpublished.Enqueue(file.File);
        foreach (var left in temporary.ExceptBy(_unpublished.Select(f => Path.GetFileName(f.TemporaryPath)), f => f.Name))
            left.Delete();
        SetAside(there.Where(File.Exists), listed.Select(f => f.File.Path).ToHashSet(StringComparer.Ordinal));
        if (listed.Where(f => f.IsPublished && !_unpublished.Contains(f.File) && !IsThere(f.File.Path)).Select(f => f.File.Path).ToArray() is { Length: > 0 } missing)
            LogMissing(job.Name, missing.Length, missing[0], _folder);
    }, cancellationToken);

    /// <summary>Writes what has become final, if it is time for a file.</summary>
    /// <exception cref="LakeException">There is no room, or the folder cannot be used. Nothing is lost: it is written when it can be.</exception>
    public Task RunAsync(CancellationToken cancellationToken) => SayingAsync(async () =>
    {
        IsFenced = !await _store.IsOwnerAsync(_epoch, cancellationToken);
        if (IsFenced)
        {
            LogFenced(job.Name, _epoch);
            return;
        }

        await PublishAsync(cancellationToken);
        if (services.Time.GetElapsedTime(_addedAt) >= _pause && await _store.ReadAsync(MaxRows, cancellationToken) is { Count: > 0 } rows)
        {
            var began = services.Time.GetTimestamp();
            await AddAsync(rows, cancellationToken);
            await PublishAsync(cancellationToken);
            (_addedAt, _pause) = (began, rows.Count < MaxRows ? services.Options.LakeInterval : TimeSpan.Zero);
        }

        await _store.SayAsync(null, cancellationToken);
    }, cancellationToken);

    /// <summary>Takes files away whose results are written anew.</summary>
    private async Task WithdrawAsync(IReadOnlyList<LakeFile> files, CancellationToken cancellationToken)
    {
        foreach (var file in files)
        {
            File.Delete(Path.Combine(_folder, file.TemporaryPath));
            if (IsThere(file.Path))
                File.Delete(Path.Combine(_folder, file.Path));
        }

        if (files.Count > 0)
            await _store.ForgetAsync(files, cancellationToken);
    }

    /// <summary>Files that the database knows nothing of (it was put back from a dump, or is another one) would have rows that are there twice: no reader shall take them for ours.</summary>
    private void SetAside(IEnumerable<string> there, HashSet<string> listed)
    {
        var strange = there.Where(f => !listed.Contains(Path.GetRelativePath(_folder, f))).ToArray();
        foreach (var file in strange)
            File.Move(file, file + ".unlisted", overwrite: true);
        if (strange.Length > 0)
            LogStrange(job.Name, strange.Length, strange[0]);
    }

    private bool IsThere(string path) => File.Exists(Path.Combine(_folder, path));

    private async Task AddAsync(IReadOnlyList<LakeRow> rows, CancellationToken cancellationToken)
    {
        var files = new List<LakeFile>();
        try
        {
            foreach (var day in rows.GroupBy(r => r.Date))
            {
                var date = day.Key.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
                var number = _files + files.Count + 1;
                var file = new LakeFile(number, Path.Combine($"date={date}", $"{number:D10}-{_epoch}.parquet"), 0, 0);
                files.Add(file);
                files[^1] = file with { Rows = day.Count(), Bytes = await WriteAsync(file, [.. day], cancellationToken) };
            }

            IsFenced = !await _store.CommitAsync(_epoch, files, rows.GroupBy(r => r.Partition).Select(g => g.Last()), cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What is half there takes room on a disk that may be full. After any other failure it may be written down: the next owner knows.
            Delete(files);
            throw;
        }

        if (IsFenced)
        {
            Delete(files);
            LogFenced(job.Name, _epoch);
            return;
        }

        _files = files[^1].Number;
        foreach (var file in files)
            _unpublished.Enqueue(file);
    }

    private async Task<long> WriteAsync(LakeFile file, IReadOnlyList<LakeRow> rows, CancellationToken cancellationToken)
    {
        await using var stream = new FileStream(Path.Combine(_folder, file.TemporaryPath), FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
        await _table.WriteAsync(stream, rows, cancellationToken);
        stream.Flush(flushToDisk: true);
        return stream.Length;
    }

    private async Task PublishAsync(CancellationToken cancellationToken)
    {
        while (_unpublished.TryPeek(out var file))
        {
            var (from, to) = (Path.Combine(_folder, file.TemporaryPath), Path.Combine(_folder, file.Path));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            if (File.Exists(from))
                File.Move(from, to, overwrite: true);
            else if (!File.Exists(to))
                throw new FileNotFoundException($"{from} was written by another silo and is not here: Jobs:{nameof(JobOptions.LakeFolder)} must be the same folder for every silo. If it is lost: the runbook, 'A lake was lost'.");
            await _store.PublishedAsync(file, cancellationToken);
            _unpublished.Dequeue();
        }
    }

    private void Delete(IEnumerable<LakeFile> files)
    {
        foreach (var file in files)
            File.Delete(Path.Combine(_folder, file.TemporaryPath));
    }

    /// <summary>What goes wrong is said where an operator looks. The database's own troubles are said by all that need it.</summary>
    private async Task SayingAsync(Func<Task> action, CancellationToken cancellationToken)
    {
        try
        {
            await action();
        }
        catch (NpgsqlException)
        {
            JobMetrics.LakeNotWritten(job.Name);
            throw;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            JobMetrics.LakeNotWritten(job.Name);
            var said = new LakeException(job.Name, _folder, e);
            await _store.SayAsync(said.Message, cancellationToken);
            throw said;
        }
    }

    [LoggerMessage(4030, LogLevel.Warning, "The lake of job {Job} has another owner (this one's epoch is {Epoch}): this one ends")]
    private partial void LogFenced(string job, long epoch);

    [LoggerMessage(4032, LogLevel.Warning, "The lake of job {Job} has lost {Files} files, the first is {First} in {Folder}. Is it another folder than before? If they are gone: the runbook, 'A lake was lost'")]
    private partial void LogMissing(string job, int files, string first, string folder);

    [LoggerMessage(4031, LogLevel.Warning, "The lake of job {Job} has {Files} files that the database knows nothing of, the first is {First}: they are called .unlisted now, and no reader takes them for the lake's")]
    private partial void LogStrange(string job, int files, string first);
}
