using StreamJobs.Testing;

namespace StreamJobs.Tests;

/// <summary>A record for tests: who, when, and a number.</summary>
public readonly record struct Visit(string Who, long At, int Value)
{
    internal DateTimeOffset Time => DateTimeOffset.FromUnixTimeMilliseconds(At);
}

internal static class Visits
{
    public static KeyedStream<Visit, Visit> Keyed(int delay = 0) =>
        Job.Named("visits").From<Visit>("visits").Watermark(v => v.Time, delay.Milliseconds()).KeyByRecordKey(v => v.Who);

    /// <summary>A result as text: key start-end revision value.</summary>
    public static string Text(this JobResult r) =>
        $"{r.Key} {r.Start.ToUnixTimeMilliseconds()}-{r.End.ToUnixTimeMilliseconds()} r{r.Revision}{(r.Retracted ? " gone" : $" {r.Value.GetProperty("c").GetInt64()}")}";

    public static string[] Texts(this IEnumerable<JobResult> results) => [.. results.Select(r => r.Text())];
}
