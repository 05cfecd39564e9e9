using Microsoft.Extensions.Logging;

namespace StreamJobs.Sinks;

/// <summary>
/// Sends an owner's outbox, checkpoint by checkpoint, until it is sent; after a crash it sends what is missing, once. What is sent while its checkpoint is being
/// written stays invisible until that is durable: results are seen sooner, and never before the state that they come from.
/// </summary>
internal sealed partial class OutboxSender(string owner, TopicConnection options, ILogger logger) : IDisposable
{
    private readonly TopicSender _sender = new(owner, options, logger);
    private readonly ILogger _logger = logger;
    private volatile bool _stopping;
    private long? _prepared;

    /// <summary>The last checkpoint that is sent: what the outbox holds up to it may go.</summary>
    public long SentUpTo { get; private set; }

    /// <summary>Sends what a former owner has left, which can send no more after this. Blocks.</summary>
    public void TakeOver(long checkpoint, IReadOnlyList<(long Checkpoint, string Topic, byte[] Data)> outbox)
    {
        foreach (var kept in outbox.GroupBy(o => o.Checkpoint))
            Send(kept.Key, [.. kept.Select(c => (c.Topic, c.Data))], isNew: false);
        if (outbox.Count == 0)
            _sender.Fence();
        if (!_stopping)
            SentUpTo = checkpoint;
    }

    /// <summary>Sends a checkpoint's results ahead; <see cref="Send"/> shows them, <see cref="TakeBack"/> does not. When it cannot, they are sent by <see cref="Send"/>.</summary>
    public void Prepare(long checkpoint, IReadOnlyList<(string Topic, byte[] Data)> outbox)
    {
        try
        {
            _sender.Prepare(checkpoint, outbox.Select(o => o.Topic), Records(outbox));
            _prepared = checkpoint;
        }
        catch (Exception e)
        {
            LogNotPrepared(e, owner, checkpoint);
        }
    }

    /// <summary>Takes back what was sent ahead: its checkpoint is not written, or not yet.</summary>
    public void TakeBack()
    {
        if (_prepared is not { } checkpoint)
            return;
        _prepared = null;
        try
        {
            _sender.Abort();
        }
        catch (Exception e)
        {
            LogNotTakenBack(e, owner, checkpoint);
        }
    }

    /// <summary>Sends a checkpoint's results. Blocks while Kafka is away.</summary>
    public void Send(long checkpoint, IReadOnlyList<(string Topic, byte[] Data)> outbox, bool isNew = true)
    {
        for (var failures = 0; !_stopping; failures++)
        {
            try
            {
                if (_prepared == checkpoint)
                {
                    _prepared = null;
                    _sender.Commit();
                }
                else if ((isNew && failures == 0) || !(_sender.LastSent(outbox[0].Topic) >= checkpoint))
                    _sender.Send(checkpoint, outbox.Select(o => o.Topic), Records(outbox));
                SentUpTo = checkpoint;
                return;
            }
            catch (Exception e)
            {
                if (failures == 0)
                    LogSendFailed(e, owner, checkpoint);
                Thread.Sleep(Math.Min(2000, 100 << Math.Min(failures, 5)));
            }
        }
    }

    private static IEnumerable<OutgoingRecord> Records(IEnumerable<(string Topic, byte[] Data)> outbox) =>
        outbox.SelectMany(o => OutboxRecords.Read(o.Data).Select(r => new OutgoingRecord(o.Topic, r.Key, r.Value, r.ToAll)));

    /// <summary>Gives up what cannot be sent now: it lies in the outbox, and the next owner sends it.</summary>
    public void Stop() => _stopping = true;

    public void Dispose()
    {
        Stop();
        TakeBack(); // its checkpoint may have been written meanwhile: then it lies in the outbox
        _sender.Dispose();
    }

    [LoggerMessage(4041, LogLevel.Debug, "Results of checkpoint {Number} of {Owner} could not be sent ahead; they are sent when it is written")]
    private partial void LogNotPrepared(Exception exception, string owner, long number);

    [LoggerMessage(4042, LogLevel.Debug, "Results of checkpoint {Number} of {Owner}, which is not written, could not be taken back; the broker forgets them by itself")]
    private partial void LogNotTakenBack(Exception exception, string owner, long number);

    [LoggerMessage(4003, LogLevel.Warning, "Results of checkpoint {Number} of {Owner} cannot be sent to their topics now; it is tried again until they are (said once)")]
    private partial void LogSendFailed(Exception exception, string owner, long number);
}
