using System.Diagnostics;
using System.Diagnostics.Metrics;
using EventStore.Hosting;

namespace EventStore.Aggregates;

/// <summary>What the aggregates measure, under the meter and activity source of <see cref="StoreMetrics.MeterName"/>.</summary>
internal static class AggregateTelemetry
{
    public static readonly ActivitySource Activities = new(StoreMetrics.MeterName);

    private static readonly Meter Meter = new(StoreMetrics.MeterName);

    private static readonly Counter<long> Decisions = Meter.CreateCounter<long>(
        "streaming.decisions", "{decision}", "Records and commands decided and durable, by outcome: events, ignored, rejected, repeated, dead_letter.");

    private static readonly Counter<long> Redelivered = Meter.CreateCounter<long>(
        "streaming.redelivered", "{record}", "Records that came again after they had been read, and were passed over by their position.");

    private static readonly Counter<long> Retries = Meter.CreateCounter<long>(
        "streaming.append.retries", "{append}", "Appends that were decided again, by verdict: duplicate, stale.");

    private static readonly Histogram<double> IntakeDuration = Meter.CreateHistogram<double>(
        "streaming.intake.duration", "s", "From a batch's arrival in its aggregate until it was durable.",
        advice: StoreMetrics.CommitDuration.Advice);

    public static void Decided(string aggregate, string outcome, long count)
    {
        if (count > 0)
            Decisions.Add(count, new("aggregate", aggregate), new("outcome", outcome));
    }

    public static void CameAgain(string aggregate, long count)
    {
        if (count > 0)
            Redelivered.Add(count, new KeyValuePair<string, object?>("aggregate", aggregate));
    }

    public static void Retried(string aggregate, string verdict) => Retries.Add(1, new("aggregate", aggregate), new("verdict", verdict));

    public static void TookIn(string aggregate, long started) => IntakeDuration.Record(
        Stopwatch.GetElapsedTime(started).TotalSeconds, new KeyValuePair<string, object?>("aggregate", aggregate));

    /// <summary>An activity for one intake, linked to the traces of its records, or null when nobody listens.</summary>
    public static Activity? StartIntake<TRecord>(string aggregate, string streamKey, IReadOnlyList<IncomingRecord<TRecord>> batch)
        where TRecord : class
    {
        if (!Activities.HasListeners())
            return null;
        var links = batch.Select(r => r.TraceParent).OfType<string>().Distinct(StringComparer.Ordinal)
            .Select(parent => ActivityContext.TryParse(parent, null, isRemote: true, out var context) ? new ActivityLink(context) : (ActivityLink?)null)
            .OfType<ActivityLink>();
        var activity = Activities.StartActivity(ActivityKind.Consumer, name: "aggregate.intake", links: links);
        return activity?.SetTag("eventstore.aggregate", aggregate).SetTag("eventstore.stream", streamKey)
            .SetTag("messaging.batch.message_count", batch.Count);
    }
}
