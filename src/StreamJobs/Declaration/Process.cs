namespace StreamJobs;

/// <summary>
/// What no window says: code that is called with each record of a key in its partition's order, keeps a state for the key, sets timers, and emits results.
/// One object serves every key and partition, so it keeps nothing in itself.
/// </summary>
/// <typeparam name="T">The records.</typeparam>
/// <typeparam name="TState">What is kept of a key: an immutable class, which a call replaces. It is kept as JSON.</typeparam>
/// <typeparam name="TResult">What is emitted: its properties are the results' fields.</typeparam>
public abstract class Process<T, TState, TResult>
    where TState : class
{
    /// <summary>Takes a record. When it throws, nothing of the call counts, and the record becomes a dead letter.</summary>
    /// <param name="record">The record.</param>
    /// <param name="context">The key, its state, and what may be done.</param>
    public abstract void OnRecord(T record, ProcessContext<TState, TResult> context);

    /// <summary>A timer is due. When it throws, nothing of the call counts, the timer is gone, and the exception is listed with the job's.</summary>
    /// <param name="context">The key, its state, and what may be done; <see cref="ProcessContext{TState, TResult}.Time"/> is what the timer was set to.</param>
    public virtual void OnTimer(ProcessContext<TState, TResult> context)
    {
    }
}

/// <summary>A call's view of its key.</summary>
/// <typeparam name="TState">What is kept of a key.</typeparam>
/// <typeparam name="TResult">What is emitted.</typeparam>
public sealed class ProcessContext<TState, TResult>
    where TState : class
{
    internal ProcessContext()
    {
    }

    /// <summary>The key.</summary>
    public string Key { get; private set; } = "";

    /// <summary>When the record happened, or what the timer was set to.</summary>
    public DateTimeOffset Time => DateTimeOffset.FromUnixTimeMilliseconds(TimeMs);

    /// <summary>The clock, a tenth of a second old at most. What depends on it differs from run to run.</summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>Whether the timer that is due was set by the clock.</summary>
    public bool IsClockTimer { get; private set; }

    /// <summary>What is kept of the key; null before the first record, and after it was forgotten. Set it to keep another; null forgets.</summary>
    public TState? State { get; set; }

    internal long TimeMs { get; private set; }

    internal List<TResult> Emitted { get; } = [];

    internal List<(long At, bool ByClock, bool IsSet)> Timers { get; } = [];

    /// <summary>Emits a result of this key. It stands under <see cref="Time"/>, or the millisecond after the key's last one.</summary>
    public void Emit(TResult result) => Emitted.Add(result);

    /// <summary>Has <see cref="Process{T, TState, TResult}.OnTimer"/> called once the watermark has passed a time. A time that was set before is set once.</summary>
    public void SetTimer(DateTimeOffset at) => Timers.Add((at.ToUnixTimeMilliseconds(), false, true));

    /// <summary>Takes a timer back.</summary>
    public void DeleteTimer(DateTimeOffset at) => Timers.Add((at.ToUnixTimeMilliseconds(), false, false));

    /// <summary>As <see cref="SetTimer"/>, by the clock.</summary>
    public void SetClockTimer(DateTimeOffset at) => Timers.Add((at.ToUnixTimeMilliseconds(), true, true));

    /// <summary>Takes a timer back that was set by the clock.</summary>
    public void DeleteClockTimer(DateTimeOffset at) => Timers.Add((at.ToUnixTimeMilliseconds(), true, false));

    internal void Begin(string key, long time, bool isClockTimer, DateTimeOffset now, TState? state)
    {
        (Key, TimeMs, IsClockTimer, Now, State) = (key, time, isClockTimer, now, state);
        Emitted.Clear();
        Timers.Clear();
    }
}
