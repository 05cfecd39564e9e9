using System.Diagnostics;
using System.Diagnostics.Metrics;
using EventStore.Hosting;

namespace EventStore.Tests.Aggregates;

public sealed class TelemetryTests(AggregateCluster cluster) : IClassFixture<AggregateCluster>
{
    [Fact]
    public async Task An_intake_is_an_activity_linked_to_the_traces_of_its_records()
    {
        var diary = cluster.NewDiary();
        var stopped = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == StoreMetrics.MeterName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("eventstore.stream") as string == diary.StreamKey)
                    stopped.Add(activity);
            },
        };
        ActivitySource.AddActivityListener(listener);

        await diary.TakeAsync(diary.Note(0), diary.Note(1), diary.Note(2) with { TraceParent = "no trace" });

        var intake = Assert.Single(stopped);
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", Assert.Single(intake.Links).Context.TraceId.ToHexString());
        Assert.Null(diary.Stored.Events[2].Source!.TraceParent);
    }

    [Fact]
    public async Task Decisions_and_redeliveries_are_counted_once_they_are_durable()
    {
        var diary = cluster.NewDiary();
        var counts = new Dictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == StoreMetrics.MeterName)
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            // Other classes' diaries run beside this one; what this one counts is at least what it did.
            var outcome = tags.ToArray().FirstOrDefault(t => t.Key == "outcome").Value;
            lock (counts)
                counts[$"{instrument.Name} {outcome}".Trim()] = counts.GetValueOrDefault($"{instrument.Name} {outcome}".Trim()) + value;
        });
        listener.Start();
        diary.Break(Fault.Unavailable);

        await Assert.ThrowsAsync<EventStore.Appending.StoreUnavailableException>(() => diary.TakeAsync(diary.At(0, Entry.Refuse, "no")));
        await diary.TakeAsync(
            diary.Note(0), diary.At(1, Entry.Refuse, "no"), diary.At(2, Entry.Nothing, "no"), diary.At(3, Entry.ThrowInDecide, "no"), diary.Note(4, "n0", "0"));
        await diary.TakeAsync(diary.Note(0));

        Assert.All(
            ["streaming.decisions events", "streaming.decisions rejected", "streaming.decisions ignored", "streaming.decisions dead_letter",
                "streaming.decisions repeated", "streaming.redelivered"],
            name => Assert.True(counts.GetValueOrDefault(name) >= 1, $"{name} was not counted"));
    }
}
