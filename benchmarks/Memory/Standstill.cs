using System.Diagnostics;

namespace Memory;

/// <summary>Has one user stand still for a minute, some time after it was first called.</summary>
internal sealed class Standstill : IIncomingGrainCallFilter
{
    /// <summary>The command of the silo that has it.</summary>
    public const string Command = "run-standing-silo";

    /// <summary>Until it begins.</summary>
    public static readonly TimeSpan After = TimeSpan.FromSeconds(20);

    /// <summary>How long it lasts.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(60);

    private const string User = "user-0";
    private long _firstCall;

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.TargetId.Key.ToString() == User)
        {
            Interlocked.CompareExchange(ref _firstCall, Stopwatch.GetTimestamp(), 0);
            var since = Stopwatch.GetElapsedTime(Interlocked.Read(ref _firstCall));
            if (since > After && After + Length - since is { Ticks: > 0 } left)
            {
                Console.WriteLine("stands still");
                await Task.Delay(left);
                Console.WriteLine("goes on");
            }
        }

        await context.Invoke();
    }
}
