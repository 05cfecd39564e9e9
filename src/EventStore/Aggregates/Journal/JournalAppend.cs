using System.Runtime.ExceptionServices;
using EventStore.Appending;

namespace EventStore.Aggregates.Journal;

/// <summary>
/// One append and its answer. The answer is kept here because Orleans' journal can only say that a write happened or retry it
/// for ever: it has no way to say "refused".
/// </summary>
internal abstract class JournalAppend
{
    private AppendVerdict? _verdict;
    private ExceptionDispatchInfo? _failure;

    public abstract StreamAppend ToAppend();

    public CancellationToken CancellationToken { get; set; }

    /// <summary>The store's answer.</summary>
    /// <exception cref="StoreUnavailableException">There was none.</exception>
    public AppendVerdict Verdict
    {
        get
        {
            _failure?.Throw();
            return _verdict ?? throw new InvalidOperationException("The append has not been sent.");
        }
    }

    /// <summary>Sends the append and keeps the answer. Never throws: an exception would stop the journal's worker with the caller still waiting.</summary>
    /// <returns>What was sent and the version it led to, or null when it was not committed.</returns>
    public async Task<(StreamAppend Append, long Version)?> SendAsync(IGroupCommit store)
    {
        try
        {
            var append = ToAppend();
            _verdict = await store.AppendAsync(append, CancellationToken);
            return _verdict is AppendVerdict.Committed committed ? (append, committed.Version) : null;
        }
        catch (Exception e)
        {
            _failure = ExceptionDispatchInfo.Capture(e);
            return null;
        }
    }
}
