using Microsoft.Extensions.Logging;
using StreamJobs.Checkpoints;
using StreamJobs.Engine;
using StreamJobs.Sinks;

namespace StreamJobs.Running;

/// <summary>
/// Runs a job's merger: it reads what the partitions' checkpoints have given, closes the windows that all of them have passed, and keeps what comes of
/// it in one transaction. For one caller at a time.
/// </summary>
public sealed partial class JobMerger : IAsyncDisposable
{
    private const int MaxExceptions = 100;

    /// <summary>More than windows alone have it keep: it is said what for.</summary>
    private const int ManySlices = 1000;

    private readonly Job _job;
    private readonly JobServices _services;
    private readonly MergerStore _store;
    private readonly OutboxSender? _sender;
    private readonly ILogger _logger;
    private MergedJob _merged;
    private long _epoch;
    private long _number;
    private long _forgottenUpTo;
    private long _watermark = long.MinValue;
    private long? _missingSince;
    private long? _writtenAt;
    private Task _sending = Task.CompletedTask;
    private bool _isUnfit;
    private bool _hasSaidWaits;
    private bool _hasSaidLate;

    /// <summary>The merger of a job; <see cref="OpenAsync"/> comes next.</summary>
    public JobMerger(Job job, JobServices services)
    {
        (_job, _services, _logger, _store) = (job, services, services.Logger, new(services.Store, job.Name, job.Topic));
        _merged = job.CreateMerger(services.Encoder);
        if (job.ResultTopics.Any())
            _sender = new(_store.Owner, services.Sinks, services.Logger);
    }

    /// <summary>Whether another merger has taken over: this one must not go on.</summary>
    public bool IsFenced { get; private set; }

    /// <summary>Takes the job over, and takes back what was kept.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        var (epoch, checkpoint, state, outbox) = await _store.TakeOverAsync(cancellationToken);
        (_epoch, _number) = (epoch, checkpoint);
        _merged = _job.CreateMerger(_services.Encoder);
        _isUnfit = !await _store.FitsAsync(_job.StateShape, cancellationToken);
        if (state is not null && !_isUnfit)
            _merged.Restore(state);
        foreach (var part in _isUnfit ? [] : await _store.PartsAsync(all: true, cancellationToken))
        {
            // Of one that was given again since, what closed windows hold: what is new in it is offered when it is merged.
            if ((part.IsMerged ? part.Data : part.MergedData) is { } known)
                _merged.Offer(part.Partition, part.Slice, known, isKnown: true);
        }

        if (_sender is not null)
            await OwnThread.RunAsync(() => _sender.TakeOver(checkpoint, outbox));
        _missingSince = null;
        LogOpened(_job.Name, _epoch);
    }

    /// <summary>Merges what has come, and keeps it. When it throws, nothing was kept, or it is not known: another merger must take over what is kept.</summary>
    /// <param name="partitions">How many partitions the topic has.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task RunAsync(int partitions, CancellationToken cancellationToken)
    {
        // What was kept is sent before more is merged: while Kafka is away, parts wait in the database.
        if (!_sending.IsCompleted)
            return;
        if (_isUnfit)
        {
            IsFenced = await _store.FitsAsync(_job.StateShape, cancellationToken); // a savepoint was restored that fits: begin anew with it
            return;
        }

        var positions = await _store.PositionsAsync(cancellationToken);
        var parts = await _store.PartsAsync(all: false, cancellationToken);
        var (watermark, final) = Watermarks(positions, partitions);
        if (parts.Count == 0 && final == _watermark && watermark <= _merged.ClosedUpTo)
        {
            await ForgetSentAsync(cancellationToken);
            return;
        }

        var late = 0L;
        foreach (var part in parts)
            late += Offer(part);
        var needed = _merged.Advance(watermark, final);
        if (!_hasSaidWaits && final == long.MinValue && _merged.Slices > ManySlices)
            SayWaits(positions, partitions);
        // That only time has moved on is worth a transaction now and then: it moves with every checkpoint of every partition.
        if (parts.Count == 0 && _merged.Output.IsEmpty && (final == _watermark || (_writtenAt is { } at && _services.Time.GetElapsedTime(at) < _services.Options.CheckpointInterval)))
        {
            await ForgetSentAsync(cancellationToken);
            return;
        }

        var outbox = _merged.Output.Records.GroupBy(r => r.Topic, StringComparer.Ordinal)
            .Select(g => (g.Key, OutboxRecords.Write(g))).ToList();
        var checkpoint = new MergerCheckpoint(
            _epoch, ++_number, final, _merged.ClosedUpTo, _merged.Snapshot(), needed, parts, [.. _merged.Output.Results],
            [.. _merged.Output.Failures.Take(MaxExceptions).Select(e => ((long?)null, e.ToString()))], outbox, _sender?.SentUpTo ?? _number);
        if (!await _store.CommitAsync(checkpoint, _services.Time.GetUtcNow(), cancellationToken))
        {
            IsFenced = true;
            LogFenced(_job.Name, _epoch);
            return;
        }

        JobMetrics.Taken(_job.Name, 0, late, _merged.Output.Failures.Count, Math.Max(_merged.Output.Results.Count, _merged.Output.Records.Count));
        _merged.Output.Clear();
        (_watermark, _writtenAt) = (final, _services.Time.GetTimestamp());
        if (outbox.Count > 0)
            _sending = OwnThread.RunAsync(() => _sender!.Send(checkpoint.Number, outbox));
    }

    /// <summary>The results of windows that are still open, as far as they have come.</summary>
    /// <param name="parts">The partitions' parts of open slices.</param>
    /// <param name="query">Which of them.</param>
    public IReadOnlyList<(string Key, long StartMs, long EndMs, byte[] Json)> OpenResults(IEnumerable<(int Partition, long Slice, byte[] Data)> parts, OpenQuery query) =>
        [.. _merged.OpenResults(parts, query).Select(r => (r.Key, r.StartMs, r.EndMs, r.Json))];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // A client must not be disposed of while it sends.
        _sender?.Stop();
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_sender is not null)
            await OwnThread.RunAsync(_sender.Dispose);
    }

    /// <returns>How many keys were late. How many records they stand for is not known here.</returns>
    private int Offer(Part part)
    {
        var late = _merged.Offer(part.Partition, part.Slice, part.Data);
        if (late > 0 && !_hasSaidLate)
        {
            _hasSaidLate = true;
            LogLate(_job.Name, _job.Topic, part.Partition);
        }

        return late;
    }

    /// <summary>Empties the outbox when there is nothing to merge: Kafka does not remember for ever that it was sent.</summary>
    private async Task ForgetSentAsync(CancellationToken cancellationToken)
    {
        if (_sender?.SentUpTo is not { } sent || sent <= _forgottenUpTo)
            return;
        await _services.Store.ForgetSentAsync(_store.Owner, sent, cancellationToken);
        _forgottenUpTo = sent;
    }

    /// <summary>Says what makes it keep more and more, once: its results are right all the same.</summary>
    private void SayWaits(IReadOnlyList<(int Partition, long Watermark, bool IsIdle)> positions, int partitions)
    {
        _hasSaidWaits = true;
        var heard = positions.Where(p => p.Watermark > long.MinValue).Select(p => p.Partition);
        LogWaits(_job.Name, _merged.Slices, string.Join(", ", Enumerable.Range(0, partitions).Except(heard).Select(p => $"{_job.Topic}/{p}")));
    }

    /// <summary>Up to where windows close, and up to where they are final: an idle partition holds up the second only.</summary>
    private (long Watermark, long Final) Watermarks(IReadOnlyList<(int Partition, long Watermark, bool IsIdle)> positions, int partitions)
    {
        var missing = positions.Count < partitions;
        _missingSince = missing ? _missingSince ?? _services.Time.GetTimestamp() : null; // of a topic that was created again, all are at first
        var waits = _missingSince is { } since && _services.Time.GetElapsedTime(since) < _services.Options.IdleTimeout;
        var busy = positions.Where(p => !p.IsIdle && p.Watermark > long.MinValue).ToArray();
        var counted = busy.Length > 0 ? busy : [.. positions.Where(p => p.Watermark > long.MinValue)];
        var watermark = counted.Length == 0 || waits || positions.Any(p => !p.IsIdle && p.Watermark == long.MinValue) ? long.MinValue : counted.Min(p => p.Watermark);
        var final = missing || positions.Count == 0 ? long.MinValue : positions.Min(p => p.Watermark);
        return (watermark, final);
    }

    [LoggerMessage(4010, LogLevel.Information, "The merger of job {Job} goes on (epoch {Epoch})")]
    private partial void LogOpened(string job, long epoch);

    [LoggerMessage(4012, LogLevel.Warning, "Job {Job} keeps all of its windows, {Slices} slices by now, because no record has ever come from {Silent}, and one that comes may be of any time. It keeps less again once each of them has had one (said once)")]
    private partial void LogWaits(string job, int slices, string silent);

    [LoggerMessage(4013, LogLevel.Warning, "Job {Job} leaves out records of {Topic}/{Partition}: before the partition was known, their windows had become final by the others. The results stay as they are (said once)")]
    private partial void LogLate(string job, string topic, int partition);

    [LoggerMessage(4011, LogLevel.Warning, "Job {Job} has another merger (this one's epoch is {Epoch}): this one ends")]
    private partial void LogFenced(string job, long epoch);
}
