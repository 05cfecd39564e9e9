namespace StreamJobs;

/// <summary>
/// An aggregate of one's own. States are values: a step returns a new one and leaves the old one as it was. They are kept in checkpoints, as JSON
/// unless they are a plain number or text.
/// </summary>
/// <typeparam name="T">The records.</typeparam>
/// <typeparam name="TState">What is remembered of a window's records.</typeparam>
/// <typeparam name="TValue">What it amounts to.</typeparam>
public interface IAggregator<in T, TState, out TValue>
{
    /// <summary>The state of no record.</summary>
    TState Initial { get; }

    /// <summary>The state after one more record.</summary>
    TState Add(TState state, T record);

    /// <summary>The state of two groups of records together.</summary>
    TState Merge(TState one, TState other);

    /// <summary>What a state amounts to.</summary>
    TValue Result(TState state);
}

/// <summary>A value and how often it occurred.</summary>
public readonly record struct Ranked<TValue>(TValue Value, long Count);
