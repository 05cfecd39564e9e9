using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using EventStore.Hosting;

namespace EventStore.Projections;

/// <summary>What the runners measure, under the meter of <see cref="StoreMetrics.MeterName"/>. Lag is shown by the silo that runs the projection.</summary>
internal static class ProjectionMetrics
{
    private static readonly Meter Meter = new(StoreMetrics.MeterName);
    private static readonly ConcurrentDictionary<string, ProjectionStatus> Running = new(StringComparer.Ordinal);

    private static double _stalled;

    private static readonly Counter<long> Events = Meter.CreateCounter<long>(
        "streaming.projection.events", "{event}", "Events folded or delivered.");

    private static readonly Counter<long> Failures = Meter.CreateCounter<long>(
        "streaming.projection.failures", "{failure}", "Times that a projection or subscriber failed on an event and stopped.");

    private static readonly Counter<long> Skips = Meter.CreateCounter<long>(
        "streaming.projection.skipped", "{event}", "Events that a projection passed over although it failed on them.");

    private static readonly Counter<long> Retries = Meter.CreateCounter<long>(
        "streaming.subscriber.retries", "{attempt}", "Pages given to a subscriber again after an exception.");

    private static readonly Histogram<double> PageDuration = Meter.CreateHistogram<double>(
        "streaming.projection.page.duration", "s", "How long taking one page took, its transaction included.",
        advice: StoreMetrics.CommitDuration.Advice);

    static ProjectionMetrics()
    {
        Meter.CreateObservableGauge("streaming.projection.lag", () => Each(s => s.Lag), "{event}",
            "How many sequence numbers a projection is behind the newest event.");
        Meter.CreateObservableGauge("streaming.projection.lag.time", () => Each(s => s.LagSeconds), "s",
            "How long the oldest event that a projection lacks has been stored.");
        Meter.CreateObservableGauge("streaming.projection.highwater.wait", () => Volatile.Read(ref _stalled), "s",
            "How long the oldest event above Marten's high-water mark has waited.");
    }

    public static void Took(string name, int events, double seconds)
    {
        Events.Add(events, Tag(name));
        PageDuration.Record(seconds, Tag(name));
    }

    public static void Failed(string name) => Failures.Add(1, Tag(name));

    public static void Retried(string name) => Retries.Add(1, Tag(name));

    public static void Skipped(string name, int events)
    {
        if (events > 0)
            Skips.Add(events, Tag(name));
    }

    public static void Stalled(double seconds) => Volatile.Write(ref _stalled, seconds);

    /// <summary>Shows a projection that this silo runs.</summary>
    public static void Show(ProjectionStatus status) => Running[status.Name] = status;

    /// <summary>Shows it no longer: another silo may.</summary>
    public static void Hide(string name) => Running.TryRemove(name, out _);

    private static IEnumerable<Measurement<T>> Each<T>(Func<ProjectionStatus, T> value)
        where T : struct => Running.Values.Select(s => new Measurement<T>(value(s), Tag(s.Name)));

    private static KeyValuePair<string, object?> Tag(string name) => new("projection", name);
}
