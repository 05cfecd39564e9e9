using Microsoft.Extensions.Logging;
using Orleans.Placement;
using Orleans.Streams;
using Orleans.Streams.Core;
using Orleans.Streams.Kafka;
using StreamJobs.Running;

namespace EventPlatform.Jobs;

/// <summary>The jobs of one topic on one partition; the key is <c>topic/partition</c>. It lives where its partition is read.</summary>
[PreferLocalPlacement]
internal sealed class JobPartitionGrain(JobDirectory jobs, JobServices services, IKafkaStreamsStatus status, IKafkaStreamsControl control)
    : Grain, IJobPartitionGrain, IStreamSubscriptionObserver, IAsyncObserver<KafkaChunk>
{
    private JobPartition? _partition;
    private string _incarnation = "";
    private int? _rereadSince;
    private (IReadOnlyList<string> Jobs, Task<long?> End)? _logEnd;
    private long? _strangeSince;

    private (string Topic, int Partition) Place => JobStreams.Parse(this.GetPrimaryKeyString());

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(TickAsync, new GrainTimerCreationOptions(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100)) { KeepAlive = true });
        return base.OnActivateAsync(cancellationToken);
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_partition is { } partition)
        {
            // A clean stop leaves little to read again; a database that is away must not hold it up.
            await partition.CheckpointAsync().WaitAsync(TimeSpan.FromSeconds(5), cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await partition.DisposeAsync();
        }

        await base.OnDeactivateAsync(reason, cancellationToken);
    }

    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) => handleFactory.Create<KafkaChunk>().ResumeAsync(this);

    public async Task OnNextAsync(KafkaChunk item, StreamSequenceToken? token = null)
    {
        var partition = await OpenAsync(item.Incarnation, item.StartOffset);
        await partition.ProcessAsync(new JobChunk(item), CancellationToken.None);
    }

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;

    public Task OnCompletedAsync() => Task.CompletedTask;

    public async Task EnsureAsync(string incarnation, long position)
    {
        // Deactivated, it would be back here at the next call: the caller's directory cache leads here, and a silo creates what it is asked for.
        if (Mine() is null)
            MigrateOnIdle();
        else
            await OpenAsync(incarnation, position);
    }

    public Task<Dictionary<string, long>> PositionsAsync()
    {
        // Behind the last record there may lie a transaction's end, which no job sees.
        LeaveUnlessRead();
        var reached = _partition is null ? null : Mine()?.Position;
        return Task.FromResult(_partition?.Positions.ToDictionary(p => p.Job, p => p.IsAtEnd ? Math.Max(p.NextOffset, reached ?? 0) : p.NextOffset) ?? []);
    }

    public Task<List<OpenWindowRow>> OpenResultsAsync(string job, OpenWindowsQuery query)
    {
        LeaveUnlessRead();
        return Task.FromResult(_partition?.OpenResults(job, query.ToQuery()).Select(r => new OpenWindowRow(r.Key, r.StartMs, r.EndMs, r.Json)).ToList() ?? []);
    }

    public Task<List<OpenSlice>> OpenSlicesAsync(string job)
    {
        LeaveUnlessRead();
        return Task.FromResult(_partition?.OpenSlices(job).Select(s => new OpenSlice(Place.Partition, s.Slice, s.Data)).ToList() ?? []);
    }

    /// <summary>A question from elsewhere may have brought this to a silo that does not read the partition: then it makes way at once.</summary>
    private bool LeaveUnlessRead()
    {
        if (_partition is not null || Mine() is not null)
            return false;
        DeactivateOnIdle();
        return true;
    }

    private async Task<JobPartition> OpenAsync(string incarnation, long startOffset)
    {
        if (_partition is { } open && incarnation == _incarnation && !open.IsFenced)
            return open;
        if (_partition is { } former)
        {
            if (!former.IsFenced)
                await former.CheckpointAsync();
            await former.DisposeAsync();
            _partition = null;
        }

        _logEnd = null; // the answer may be another topic's
        var (topic, number) = Place;
        var mine = jobs.Of(topic).ToArray();
        foreach (var job in mine)
            await jobs.PrepareAsync(job, CancellationToken.None);
        var partition = new JobPartition(topic, number, mine, services);
        try
        {
            await partition.OpenAsync(incarnation, startOffset, CancellationToken.None);
        }
        catch
        {
            await partition.DisposeAsync();
            throw;
        }

        (_partition, _incarnation) = (partition, incarnation);
        return partition;
    }

    private async Task TickAsync(CancellationToken cancellationToken)
    {
        if (_partition is not { } partition)
            return;
        if (partition.IsFenced)
        {
            DeactivateOnIdle();
            return;
        }

        try
        {
            var mine = Mine();
            var isSameTopic = mine?.Incarnation == _incarnation;
            partition.Done = isSameTopic ? mine!.Position : null;
            await partition.TickAsync(cancellationToken);
            if (isSameTopic)
                await LookForLogEndAsync(partition);
            RereadIfWished(partition);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The database, most likely. What was taken stays in memory, and the next tick tries again.
            services.Logger.LogDebug(e, "Jobs of {Partition} could not look at what is wanted of them", this.GetPrimaryKeyString());
        }

        LeaveIfRead(elsewhere: Mine() is null);
    }

    /// <summary>Asks the broker beside the grain's turns: it may be away.</summary>
    private async Task LookForLogEndAsync(JobPartition partition)
    {
        if (_logEnd is { End.IsCompleted: true } asked)
        {
            _logEnd = null;
            if (await asked.End is { } end)
                partition.EndAt(asked.Jobs, end);
        }
        else if (_logEnd is null && partition.WantLogEnd is { Count: > 0 } jobs)
        {
            _logEnd = (jobs, control.LogEndAsync(JobStreams.Provider, JobStreams.StreamOf(Place.Topic), Place.Partition));
        }
    }

    private void RereadIfWished(JobPartition partition)
    {
        if (partition.TakeRereadWish())
        {
            _rereadSince = Mine()?.Generation;
            control.Reread(JobStreams.Provider, JobStreams.StreamOf(Place.Topic), Place.Partition);
        }
        else if (_rereadSince is { } former && Mine()?.Generation > former)
        {
            // No record may come of it: there may have been transactions' ends alone.
            _rereadSince = null;
            partition.ReadAnew();
        }
    }

    /// <summary>The partition as this silo reads it; null when it does not.</summary>
    private KafkaPartitionStatus? Mine()
    {
        var (topic, number) = Place;
        return status.Partitions.FirstOrDefault(p => p.Provider == JobStreams.Provider && p.Partition == number && JobStreams.TopicOf(p.Stream) == topic);
    }

    /// <summary>A partition that is read by another silo has its jobs there too: chunks don't travel.</summary>
    private void LeaveIfRead(bool elsewhere)
    {
        if (!elsewhere)
            _strangeSince = null;
        else if (_strangeSince is not { } since)
            _strangeSince = services.Time.GetTimestamp();
        else if (services.Time.GetElapsedTime(since) > TimeSpan.FromSeconds(2))
            DeactivateOnIdle();
    }
}
