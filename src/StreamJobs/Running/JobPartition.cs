using Microsoft.Extensions.Logging;
using StreamJobs.Checkpoints;
using StreamJobs.Engine;
using StreamJobs.Sinks;

namespace StreamJobs.Running;

/// <summary>
/// The jobs of one topic on one partition: they share each read, and their checkpoints. Chunks, and the moments to look at the clock, come one at a time;
/// a checkpoint is taken between them and written beside them.
/// </summary>
public sealed partial class JobPartition : IAsyncDisposable
{
    private readonly string _topic;
    private readonly int _partition;
    private readonly JobServices _services;
    private readonly Dictionary<string, JobFeed> _feeds = [];
    private readonly JobRoster _jobs;
    private readonly RecordsAside _aside;
    private readonly List<(int Index, Exception Error)> _unreadable = [];
    private readonly OutboxSender? _sender;
    private readonly CheckpointWriter _writer;
    private readonly ILogger _logger;
    private string _incarnation = "";
    private long _epoch;
    private long _number;
    private long _forgottenUpTo;
    private bool _isDirty;
    private bool _isIdle;

    // Moments are timestamps: the wall clock may be set back, and nothing that is due may wait until it has come round again.
    private long _openedAt;
    private long _takenAt;
    private long _allTakenAt;
    private long _writtenAt;
    private long _lastRecordAt;
    private long _controlledAt;
    private TimeSpan _rest;
    private long _reachedMs = long.MaxValue;
    private long _reached = long.MaxValue;
    private Task _writing = Task.CompletedTask;
    private bool _isWriting;
    private bool _wasAwaited;
    private bool _isProcessing;
    private bool _isStopping;
    private bool _hasSaidWaits;
    private bool _wantsReread;
    private HashSet<string> _saidFull = [];

    /// <summary>The jobs of a partition; <see cref="OpenAsync"/> comes next.</summary>
    public JobPartition(string topic, int partition, IEnumerable<Job> jobs, JobServices services)
    {
        (_topic, _partition, _services, _logger, _jobs) = (topic, partition, services, services.Logger, new(topic, partition, services.Options.MaxKeys, services.Logger));
        _aside = new(topic, partition, services.Encoder.MaxBytes);
        foreach (var job in jobs)
        {
            var one = job.CreatePartition(partition, services.Encoder, services.PartitionsOf);
            _jobs.Add(one);
            var type = job.RecordType.AssemblyQualifiedName!;
            if (!_feeds.TryGetValue(type, out var feed))
                _feeds.Add(type, feed = JobFeed.Create(job.RecordType, services.Readers));
            feed.Jobs.Add(one);
        }

        if (_jobs.All.Any(j => j.Definition.ResultTopics.Any() || j.Definition.LateTopic is not null))
            _sender = new(PartitionCheckpoint.OwnerOf(topic, partition), services.Sinks, services.Logger);
        _writer = new(services, _sender);
    }

    /// <summary>Whether another owner has taken the partition over: this one must not go on.</summary>
    public bool IsFenced => _writer.IsFenced;

    /// <summary>Every record below it is done, as the partition's reader says; null while that is not known.</summary>
    public long? Done { get; set; }

    /// <summary>Jobs that are drained, and take what lies on the partition first: <see cref="EndAt"/> must say how far that goes.</summary>
    public IReadOnlyList<string> WantLogEnd => _jobs.WantLogEnd;

    /// <summary>Says where the partition's log ends, by a look at it that began after the jobs were named by <see cref="WantLogEnd"/>: a job that is drained later wants a later look.</summary>
    public void EndAt(IEnumerable<string> jobs, long end) => _jobs.EndAt(jobs, end);

    /// <summary>Whether a job has been resumed since this was asked: it may want records that came while it was paused, and on a quiet partition nothing else brings them.</summary>
    public bool TakeRereadWish()
    {
        var wish = _wantsReread;
        _wantsReread = false;
        return wish;
    }

    /// <summary>Takes the partition over, and takes back what was kept.</summary>
    /// <param name="incarnation">The topic's incarnation.</param>
    /// <param name="startOffset">Where jobs begin that have no position yet.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task OpenAsync(string incarnation, long startOffset, CancellationToken cancellationToken)
    {
        var taken = await _services.Store.TakeOverAsync(_topic, incarnation, _partition, _jobs.All.Select(j => j.Definition), startOffset, cancellationToken);
        (_epoch, _number, _incarnation) = (taken.Epoch, taken.Checkpoint, incarnation);
        _isDirty = _jobs.TakeBack(taken.Jobs, taken.Away, incarnation, startOffset);
        _jobs.HoldFull();
        await SayHindrancesAsync(cancellationToken);
        await ControlAsync(cancellationToken);
        foreach (var job in _jobs.Active)
            _isDirty |= job.Tick(_services.Time.GetUtcNow()); // the clock is known before the first record
        if (_sender is not null)
            await OwnThread.RunAsync(() => _sender.TakeOver(taken.Checkpoint, taken.Outbox));
        _openedAt = _takenAt = _allTakenAt = _lastRecordAt = _services.Time.GetTimestamp();
        _wantsReread = _jobs.Active.Any(j => j.Position < startOffset); // a savepoint was restored
        if (!_wantsReread)
            ReadAnew();
        LogOpened(_topic, _partition, _epoch, _jobs.Present.Select(j => j.Position).DefaultIfEmpty(startOffset).Min(), _jobs.Present.Count());
    }

    /// <summary>Takes a chunk. It is durable only after a later checkpoint.</summary>
    /// <exception cref="ChunkRefusedException">It is not what comes next, or too much waits to be kept: the provider must present it again.</exception>
    public async ValueTask ProcessAsync(IJobChunk chunk, CancellationToken cancellationToken)
    {
        if (chunk.Incarnation != _incarnation)
            throw new ChunkRefusedException($"{_topic}/{_partition} has become another topic ({chunk.Incarnation}, not {_incarnation})");
        ThrowIfFull();
        _jobs.HoldFull();
        (_lastRecordAt, _isIdle) = (_services.Time.GetTimestamp(), false); // also where no job takes them
        var active = _jobs.Active.ToArray();
        if (active.Length == 0)
            return;
        Meet(active, chunk);
        foreach (var job in active)
            _isDirty |= job.Tick(_services.Time.GetUtcNow());
        _isProcessing = true;
        try
        {
            await TakeAsync(chunk, cancellationToken);
        }
        finally
        {
            _isProcessing = false;
        }

        _isDirty = true;
        _reached = chunk.NextOffset;
        if (chunk.Count > 0)
            _reachedMs = chunk.TimestampAt(chunk.Count - 1);
        CheckpointIfDue();
    }

    private async ValueTask TakeAsync(IJobChunk chunk, CancellationToken cancellationToken)
    {
        foreach (var feed in _feeds.Values)
        {
            if (!feed.Jobs.Exists(j => _jobs.IsActive(j) && j.Position < chunk.NextOffset))
                continue;
            _unreadable.Clear();
            await feed.ReadAsync(chunk, _unreadable, cancellationToken);
            // One of them may be presented again, by which time it has been passed.
            var passed = feed.Jobs.Where(_jobs.IsActive).Min(j => j.Position);
            foreach (var (index, error) in _unreadable.Where(u => chunk.OffsetAt(u.Index) >= passed))
                _aside.AddUnreadable(chunk, index, error);
            foreach (var job in feed.Jobs.Where(_jobs.IsActive))
            {
                feed.Process(job, chunk.NextOffset);
                _aside.Add(job, chunk);
            }
        }
    }

    /// <summary>Looks at the clock: checkpoints what is due, notices that the partition is idle, and does what operators asked for.</summary>
    public async Task TickAsync(CancellationToken cancellationToken)
    {
        if (!_isIdle && Since(_lastRecordAt) >= _services.Options.IdleTimeout)
            _isIdle = _isDirty = true;
        if (Since(_controlledAt) >= TimeSpan.FromMilliseconds(500))
            await ControlAsync(cancellationToken);
        foreach (var job in _isProcessing || IsFenced ? [] : _jobs.Clocked)
            _isDirty |= job.Tick(_services.Time.GetUtcNow());
        if (!_hasSaidWaits && Since(_openedAt) >= _services.Options.IdleTimeout)
            SayWaits();
        if (!_isDirty && !_isWriting && _writer.SentUpTo is { } sent && sent > _forgottenUpTo)
            await ForgetSentAsync(sent, cancellationToken);
        CheckpointIfDue();
    }

    /// <summary>Keeps everything now.</summary>
    public async Task CheckpointAsync()
    {
        while (_isWriting)
            await _writing;
        if (_isDirty && !IsFenced)
            BeginCheckpoint();
        await _writing;
    }

    /// <summary>How far each job has taken the partition, of those that take records, and whether that is all that has been read.</summary>
    public IReadOnlyList<(string Job, long NextOffset, bool IsAtEnd)> Positions =>
        [.. _jobs.Active.Select(j => (j.Definition.Name, j.Position, j.Position >= _reached))];

    /// <summary>The provider has begun anew at the smallest position of the jobs: what it has passed since, they have taken, or it is no record.</summary>
    public void ReadAnew() => _reached = _jobs.Active.Select(j => j.Position).DefaultIfEmpty(long.MaxValue).Min();

    /// <summary>The results of a job's open windows on this partition, as far as they have come.</summary>
    public IReadOnlyList<(string Key, long StartMs, long EndMs, byte[] Json)> OpenResults(string job, OpenQuery query) =>
        [.. _jobs.Find(job)?.OpenResults(query).Select(r => (r.Key, r.StartMs, r.EndMs, r.Json)) ?? []];

    /// <summary>This partition's part of a merged job's open slices.</summary>
    public IReadOnlyList<(long Slice, byte[] Data)> OpenSlices(string job) => [.. _jobs.Find(job)?.OpenSlices() ?? []];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _isStopping = true;
        _writer.Stop();
        foreach (var job in _jobs.All)
            JobMetrics.Hide(_topic, _partition, job.Definition.Name);
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await OwnThread.RunAsync(_writer.Dispose);
    }

    /// <summary>
    /// Empties the outbox of a partition that has become quiet. Kafka remembers what was sent for as long as it keeps the offsets of a group (a week by default): later, what lay there would
    /// be sent again.
    /// </summary>
    private async Task ForgetSentAsync(long sent, CancellationToken cancellationToken)
    {
        await _services.Store.ForgetSentAsync(PartitionCheckpoint.OwnerOf(_topic, _partition), sent, cancellationToken);
        _forgottenUpTo = sent;
    }

    /// <summary>Does what operators asked for since.</summary>
    private async Task ControlAsync(CancellationToken cancellationToken)
    {
        _controlledAt = _services.Time.GetTimestamp();
        if (await _services.Store.EpochAsync(_topic, _partition, cancellationToken) > _epoch)
        {
            _writer.Fence();
            return;
        }

        var hasRoom = _jobs.LetGoOn();
        if (hasRoom)
            _reached = long.MaxValue; // until it is read anew, nobody knows what they lack
        if (!_saidFull.SetEquals(_jobs.Full))
            await SayHindrancesAsync(cancellationToken); // before the partition is read anew
        var (isResumed, isDrained) = _jobs.Obey(await _services.Store.ControlsAsync(cancellationToken), _reached, Done);
        isResumed |= hasRoom;
        (_wantsReread, _isDirty) = (_wantsReread || isResumed, _isDirty || isDrained || isResumed); // a job that is held is written down as not idle
        if (isResumed)
            _reached = long.MaxValue; // until it is read anew, nobody knows what it lacks
    }

    /// <summary>Says which jobs take nothing although nobody told them so, for operators, and so that they don't hold back where the partition is read.</summary>
    private async Task SayHindrancesAsync(CancellationToken cancellationToken)
    {
        await _services.Store.SayHindrancesAsync(_topic, _partition, _epoch, _jobs.Unfit, _jobs.Full, cancellationToken);
        _saidFull = [.. _jobs.Full];
    }

    /// <summary>
    /// Sees to it that no record is passed over. The same chunk may be presented again before the provider has gone back, so being refused before means nothing:
    /// records are no more only when the provider says so.
    /// </summary>
    private void Meet(PartitionJob[] active, IJobChunk chunk)
    {
        var expected = active.Min(j => j.Position);
        if (chunk.StartOffset <= expected)
            return;
        if (!(chunk.GapFrom <= expected))
            throw new ChunkRefusedException($"{_topic}/{_partition}: the next record is {expected}, but the chunk begins at {chunk.StartOffset}");
        LogGap(_topic, _partition, expected, chunk.StartOffset);
        foreach (var job in active)
            job.Position = Math.Max(job.Position, chunk.StartOffset);
    }

    /// <summary>Takes no more while what was taken cannot be kept: it stays on the topic, and memory bounded.</summary>
    private void ThrowIfFull()
    {
        if (IsFenced)
            throw new ChunkRefusedException($"{_topic}/{_partition} has another owner");
        if (_isWriting && (_aside.IsFull || Since(_takenAt) > _services.Options.CheckpointTimeout))
            throw new ChunkRefusedException($"{_topic}/{_partition}: checkpoint {_number} has been under way for {Since(_takenAt).TotalSeconds:0} s, and nothing more is taken until it is written");
    }

    /// <summary>Says what makes a job keep more and more, once: its results are right all the same.</summary>
    private void SayWaits()
    {
        foreach (var job in _jobs.Active.Where(j => j.Keys > 0))
        {
            if (string.Join(", ", job.WaitsFor) is not { Length: > 0 } silent)
                continue;
            _hasSaidWaits = true;
            LogWaits(job.Definition.Name, _topic, _partition, silent);
        }
    }

    /// <summary>Whether someone waits for what a job has to say.</summary>
    private static bool IsAwaited(PartitionJob job) => job.HasDue || !job.Output.IsEmpty;

    private TimeSpan Since(long moment) => _services.Time.GetElapsedTime(moment);

    private void CheckpointIfDue()
    {
        // Not within a chunk: a job would be kept with a position that it has come past.
        if (!_isDirty || _isWriting || _isProcessing || IsFenced || _isStopping)
            return;
        var options = _services.Options;
        var awaited = _jobs.Present.Where(IsAwaited).ToArray();
        var isAwaited = awaited.Length > 0 || !_aside.IsEmpty;
        if (Since(_writtenAt) < _rest && (_wasAwaited || !isAwaited) && !_aside.IsFull)
            return; // results don't wait for what came with the interval, which nobody had waited for
        var isCatchingUp = _reachedMs < (_services.Time.GetUtcNow() - options.CheckpointInterval).ToUnixTimeMilliseconds();
        var wait = CheckpointPace.Wait(options, isCatchingUp, hasResults: !_aside.IsEmpty || awaited.Any(j => !j.Definition.IsFeeder), hasInputs: awaited.Length > 0);
        if (!_aside.IsEmpty ? Since(_takenAt) >= wait : Since(_allTakenAt) >= options.CheckpointInterval && Since(_takenAt) >= options.CheckpointPause)
            BeginCheckpoint();
        else if (awaited.Length > 0 && Since(_takenAt) >= wait)
            BeginCheckpoint(awaited);
    }

    /// <summary>Takes what has changed, and writes it beside the turns.</summary>
    /// <param name="awaited">The jobs that someone waits for; null for all. Each has its own position, so the others can wait for their interval.</param>
    private void BeginCheckpoint(PartitionJob[]? awaited = null)
    {
        _takenAt = _services.Time.GetTimestamp();
        if (awaited is null)
            (_allTakenAt, _isDirty) = (_takenAt, false);
        var jobs = awaited ?? [.. _jobs.Present];
        _wasAwaited = jobs.Any(IsAwaited) || !_aside.IsEmpty;
        CheckpointContents contents;
        try
        {
            contents = CheckpointContents.Take(jobs, _aside, job => _isIdle && _jobs.IsActive(job));
        }
        catch (Exception e)
        {
            // Some changes were taken out already: what comes after must not build on it. The next owner takes what is kept.
            LogNotTaken(e, _topic, _partition);
            _writer.Fence();
            return;
        }

        foreach (var job in jobs)
            JobMetrics.Show(_topic, _partition, job.Definition.Name, job.Watermark, isFull: _jobs.Full.Contains(job.Definition.Name));
        var checkpoint = new PartitionCheckpoint
        {
            Topic = _topic,
            Incarnation = _incarnation,
            Partition = _partition,
            Epoch = _epoch,
            Number = ++_number,
            Jobs = contents.Jobs,
            Outbox = contents.Outbox,
            SentUpTo = _writer.SentUpTo ?? _number,
        };
        _isWriting = true;
        _writing = WriteThenGoOnAsync(checkpoint, contents.Faults);
    }

    /// <summary>Writes beside the caller's turns, then sees, in one of them, whether the next checkpoint is due.</summary>
    private async Task WriteThenGoOnAsync(PartitionCheckpoint checkpoint, IReadOnlyList<JobFault> faults)
    {
        var takenAt = _services.Time.GetUtcNow();
        try
        {
            await Task.Run(() => _writer.WriteAsync(checkpoint, faults, takenAt));
        }
        finally
        {
            (_isWriting, _writtenAt) = (false, _services.Time.GetTimestamp());
            _rest = CheckpointPace.Rest(_services.Options, Since(_takenAt));
        }

        CheckpointIfDue();
    }

    [LoggerMessage(4000, LogLevel.Information, "Jobs of {Topic}/{Partition} go on at offset {Offset} (epoch {Epoch}, {Jobs} jobs)")]
    private partial void LogOpened(string topic, int partition, long epoch, long offset, int jobs);

    [LoggerMessage(4007, LogLevel.Error, "The state of the jobs of {Topic}/{Partition} cannot be written down; they go on from the last checkpoint")]
    private partial void LogNotTaken(Exception exception, string topic, int partition);

    [LoggerMessage(4008, LogLevel.Warning, "Job {Job} keeps every record that it takes from {Topic}/{Partition}, because no record has ever come from {Silent}, and one that comes may be of any time. It keeps less again once each of them has had one (said once)")]
    private partial void LogWaits(string job, string topic, int partition, string silent);

    [LoggerMessage(4004, LogLevel.Warning, "Jobs of {Topic}/{Partition} go on at {Offset}: the records from {Expected} on are no more")]
    private partial void LogGap(string topic, int partition, long expected, long offset);
}

/// <summary>A chunk cannot be taken now. The stream provider asks for the position, and reads on from there.</summary>
public sealed class ChunkRefusedException(string message) : Exception(message);
