using System.Diagnostics;

namespace Orleans.Streams.Kafka.Tests.Cluster;

/// <summary>Waits for a condition, up to a deadline that names it.</summary>
internal static class Eventually
{
    private const int Seconds = 60;

    public static async Task True(Func<bool> condition, string what, int seconds = Seconds)
    {
        var started = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(started.Elapsed < TimeSpan.FromSeconds(seconds), $"waited {seconds} s for: {what}");
            await Task.Delay(20);
        }
    }
}
