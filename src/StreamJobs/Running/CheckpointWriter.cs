using Microsoft.Extensions.Logging;
using StreamJobs.Checkpoints;
using StreamJobs.Sinks;

namespace StreamJobs.Running;

/// <summary>Writes a partition's checkpoints one after the other, beside its turns, each until it is written: what comes after it builds on it.</summary>
internal sealed partial class CheckpointWriter(JobServices services, OutboxSender? sender) : IDisposable
{
    /// <summary>How long results may lie invisible on their topics: nobody reads past them meanwhile.</summary>
    private static readonly TimeSpan MostHeld = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, JobPosition> _notified = [];
    private readonly ILogger _logger = services.Logger;
    private volatile bool _stopping;

    /// <summary>Whether another owner has taken the partition over.</summary>
    public bool IsFenced { get; private set; }

    /// <summary>The last checkpoint whose results are in their topics; null when there are no topics.</summary>
    public long? SentUpTo => sender?.SentUpTo;

    /// <summary>Keeps records that could not be used, then what passes them; what goes to topics is sent meanwhile, and shown afterwards.</summary>
    public async Task WriteAsync(PartitionCheckpoint checkpoint, IReadOnlyList<JobFault> faults, DateTimeOffset takenAt)
    {
        var began = services.Time.GetTimestamp();
        var preparing = checkpoint.Outbox.Count > 0 ? OwnThread.RunAsync(() => sender!.Prepare(checkpoint.Number, checkpoint.Outbox)) : Task.CompletedTask;
        var (troubled, isKept) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), false);
        try
        {
            var keeping = KeepAsync(checkpoint, faults, takenAt, troubled);
            if (await IsSlowAsync(keeping, troubled.Task))
            {
                await preparing;
                await TakeBackAsync(); // other readers and writers of the topics must not wait for this database
            }

            isKept = await keeping;
            if (isKept)
                Tell(checkpoint, services.Time.GetElapsedTime(began));
        }
        finally
        {
            await preparing; // a client must not be disposed of while it sends
            if (!isKept)
                await TakeBackAsync();
        }

        if (!isKept)
        {
            IsFenced = true;
            LogFenced(checkpoint.Owner, checkpoint.Epoch);
            return;
        }

        if (checkpoint.Outbox.Count > 0)
            await OwnThread.RunAsync(() => sender!.Send(checkpoint.Number, checkpoint.Outbox));
    }

    /// <summary>Another owner, or an operator, has taken the partition over: it was noticed elsewhere.</summary>
    public void Fence() => IsFenced = true;

    /// <summary>Gives up what cannot be written or sent now. What is not written is read again; what is not sent lies in the outbox.</summary>
    public void Stop()
    {
        _stopping = true;
        sender?.Stop();
    }

    public void Dispose() => sender?.Dispose();

    private Task TakeBackAsync() => sender is null ? Task.CompletedTask : OwnThread.RunAsync(sender.TakeBack);

    private void Tell(PartitionCheckpoint checkpoint, TimeSpan took)
    {
        JobMetrics.Written(checkpoint.Topic, took.TotalSeconds);
        foreach (var job in checkpoint.Jobs)
        {
            if (job.Parts.Count > 0 || _notified.GetValueOrDefault(job.Job) != job.Position)
                services.Notify(job.Job);
            _notified[job.Job] = job.Position;
        }
    }

    private async Task<bool> IsSlowAsync(Task keeping, Task troubled)
    {
        try
        {
            return await Task.WhenAny(keeping, troubled).WaitAsync(MostHeld, services.Time) != keeping;
        }
        catch (TimeoutException)
        {
            return true;
        }
    }

    private async Task<bool> KeepAsync(PartitionCheckpoint checkpoint, IReadOnlyList<JobFault> faults, DateTimeOffset takenAt, TaskCompletionSource troubled)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                foreach (var fault in faults)
                    await services.Faults.AddAsync(fault, CancellationToken.None);
                return await services.Store.CommitAsync(checkpoint, takenAt, CancellationToken.None);
            }
            catch (Exception e) when (!_stopping)
            {
                JobMetrics.NotWritten(checkpoint.Topic, checkpoint.Partition);
                troubled.TrySetResult();
                if (failures == 0)
                    LogCheckpointFailed(e, checkpoint.Owner, checkpoint.Number);
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(2000, 50 << Math.Min(failures, 6))), services.Time);
            }
        }
    }

    [LoggerMessage(4001, LogLevel.Warning, "Jobs of {Owner} have another owner (this one's epoch is {Epoch}): this one ends")]
    private partial void LogFenced(string owner, long epoch);

    [LoggerMessage(4002, LogLevel.Warning, "Checkpoint {Number} of the jobs of {Owner} cannot be written now; it is tried again until it is (said once)")]
    private partial void LogCheckpointFailed(Exception exception, string owner, long number);
}
