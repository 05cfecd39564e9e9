using System.Diagnostics;

namespace Testing;

/// <summary>Waits for something to become true, instead of sleeping and hoping: a deadline that passes says what was waited for and what was seen.</summary>
public static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until the condition holds.</summary>
    /// <param name="condition">Asked again and again; an exception counts as "not yet".</param>
    /// <param name="deadline">How long.</param>
    /// <param name="what">What is waited for, e.g. "the broker accepts connections".</param>
    /// <exception cref="TimeoutException">It did not hold in time.</exception>
    public static Task Async(Func<Task<bool>> condition, TimeSpan deadline, string what) =>
        Async(condition, holds => holds, deadline, what);

    /// <inheritdoc cref="Async(Func{Task{bool}}, TimeSpan, string)"/>
    public static Task Async(Func<bool> condition, TimeSpan deadline, string what) =>
        Async(() => Task.FromResult(condition()), deadline, what);

    /// <summary>Reads a value until it is as wished, and returns it.</summary>
    public static async Task<T> Async<T>(Func<Task<T>> read, Func<T, bool> wished, TimeSpan deadline, string what)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            object? seen;
            Exception? failure = null;
            try
            {
                var value = await read();
                if (wished(value))
                    return value;
                seen = value;
            }
            catch (Exception e)
            {
                (seen, failure) = (e.Message, e);
            }

            if (Stopwatch.GetElapsedTime(start) > deadline)
                throw new TimeoutException($"Not within {deadline.TotalSeconds:0.#} s: {what}. Last seen: {seen ?? "nothing"}", failure);
            await Task.Delay(Pause);
        }
    }
}
