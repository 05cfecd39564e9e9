using Grains.Jobs;
using StreamJobs;

namespace Windows;

/// <summary>A user's events in ten seconds: what is measured. The peers write the same as text.</summary>
public sealed record WindowTotal
{
    public const string Schema = """
        {"type":"record","name":"WindowTotal","fields":[
          {"name":"user","type":"string"},
          {"name":"start","type":{"type":"long","logicalType":"timestamp-millis"}},
          {"name":"count","type":"long"},
          {"name":"cents","type":"long"}]}
        """;

    public required string User { get; init; }

    public required DateTimeOffset Start { get; init; }

    public required long Count { get; init; }

    public required long Cents { get; init; }
}

internal static class WindowJobs
{
    public const string Input = "user-events";
    public const string Output = "window-totals";

    /// <summary>What the job reads of a record: as much as the peers do.</summary>
    public readonly record struct Sale
    {
        public string UserId { get; init; }

        public DateTimeOffset Timestamp { get; init; }

        [SchemaRegistry.AvroMapEntry("properties", "amount")]
        public decimal? Amount { get; init; }
    }

    /// <summary>Per user, ten seconds each: how many events, and what was spent.</summary>
    /// <param name="delay">How far the watermark is behind the latest record.</param>
    /// <param name="isOnlyToTopic">Whether results go to the topic alone, as the peers' do; else they are kept in the table too.</param>
    public static Job PerUser(TimeSpan delay, bool isOnlyToTopic)
    {
        var job = Job.Named("per-user").From<Sale>(Input).Watermark(e => e.Timestamp, delay: delay)
            .KeyByRecordKey(e => e.UserId)
            .Window(Tumbling.Of(10.Seconds()))
            .Aggregate(a => new { count = a.Count(), total = a.Sum(e => e.Amount) })
            .ToTopic(Output, r => new WindowTotal { User = r.Key, Start = r.Start, Count = r.Value.count, Cents = (long)(r.Value.total * 100) });
        return isOnlyToTopic ? job.OnlyToTopics() : job;
    }

    /// <summary>The shop's ten queries that Flink SQL computes too.</summary>
    public static IEnumerable<Job> Ten =>
    [
        ShopJobs.EventCounts, ShopJobs.UserActivity, ShopJobs.Revenue, ShopJobs.SessionAnalysis, ShopJobs.TopPages, ShopJobs.DeviceDistribution,
        ShopJobs.ConversionFunnel, ShopJobs.SearchAnalytics, ShopJobs.UserEngagement, ShopJobs.UserSessions,
    ];
}
