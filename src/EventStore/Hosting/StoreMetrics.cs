using System.Diagnostics;
using System.Diagnostics.Metrics;
using EventStore.Appending;
using EventStore.DeadLetters;

namespace EventStore.Hosting;

/// <summary>What the store counts. The meter's name is <see cref="MeterName"/>.</summary>
public static class StoreMetrics
{
    /// <summary>The name to give to OpenTelemetry's <c>AddMeter</c>.</summary>
    public const string MeterName = "EventStore";

    /// <summary>The name to give to OpenTelemetry's <c>AddSource</c>.</summary>
    public const string ActivitySourceName = "EventStore";

    internal static readonly ActivitySource Activities = new(ActivitySourceName);

    private static readonly Meter Meter = new(MeterName);

    internal static readonly Histogram<double> CommitDuration = Meter.CreateHistogram<double>(
        "streaming.commit.duration", "s", "How long one transaction of the group commit took.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10] });

    internal static readonly Histogram<int> BatchSize = Meter.CreateHistogram<int>(
        "streaming.commit.batch", "{append}", "How many appends one transaction held.",
        advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000] });

    internal static readonly Counter<long> Appends = Meter.CreateCounter<long>(
        "streaming.commit.appends", "{append}", "Appends answered, by verdict: committed, duplicate, stale, refused.");

    internal static readonly Counter<long> Events = Meter.CreateCounter<long>(
        "streaming.commit.events", "{event}", "Events stored.");

    internal static readonly Counter<long> Duplicates = Meter.CreateCounter<long>(
        "streaming.duplicates", "{record}", "Records whose id had been seen before, by the ledger.");

    internal static readonly Counter<long> DeadLetters = Meter.CreateCounter<long>(
        "streaming.deadletters", "{record}", "Records written to the dead letters, by kind.");

    internal static readonly Counter<long> Outages = Meter.CreateCounter<long>(
        "streaming.store.outages", "{outage}", "Times that Postgres did not answer.");

    internal static readonly Histogram<double> LoadDuration = Meter.CreateHistogram<double>(
        "streaming.load.duration", "s", "How long one query for streams took.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10] });

    internal static void Count(StreamAppend append, AppendVerdict verdict)
    {
        Appends.Add(1, new KeyValuePair<string, object?>("verdict", verdict switch
        {
            AppendVerdict.Committed => "committed",
            AppendVerdict.Duplicate => "duplicate",
            AppendVerdict.Stale => "stale",
            _ => "refused",
        }));
        if (verdict is not AppendVerdict.Committed)
            return;
        Events.Add(append.Events.Count);
        Duplicates.Add(append.Ledger.Count(entry => entry.Outcome == LedgerOutcome.Duplicate));
        foreach (var letter in append.DeadLetters)
            Count(letter);
    }

    internal static void Count(DeadLetter letter) => DeadLetters.Add(1, new KeyValuePair<string, object?>("kind", letter.Kind.ToString()));
}
