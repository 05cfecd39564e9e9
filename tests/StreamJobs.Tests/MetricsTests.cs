using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Testing.Postgres;

namespace StreamJobs.Tests;

/// <summary>What an operator's graphs show of a job.</summary>
public sealed class MetricsTests(PostgresServer postgres)
{
    private static readonly Job Measured = Job.Named("measured").From<Visit>("visits").Watermark(v => v.Time, TimeSpan.Zero).KeyByRecordKey(v => v.Who)
        .Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count(v => IsGood(v)) });

    private static readonly Job Changed = Job.Named("measured").From<Visit>("visits").Watermark(v => v.Time, TimeSpan.Zero).KeyByRecordKey(v => v.Who)
        .Window(Tumbling.Of(20.Milliseconds())).Aggregate(a => new { c = a.Count() });

    [Fact]
    public async Task What_a_job_takes_sets_aside_throws_on_and_gives_is_counted_once_whoever_runs_it()
    {
        var seen = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == "StreamJobs")
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(seen, instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(seen, instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(seen, instrument, value, tags));
        listener.Start();

        await using var world = await PartitionWorld.StartAsync(postgres);
        await using (var partition = await world.OpenAsync(job: Measured))
        {
            await partition.ProcessAsync(new Chunk(0, new("a", 1, 0), new("a", 12, 0), new("a", 2, 0), new("a", 14, 13)), default);
            await partition.CheckpointAsync();
            listener.RecordObservableInstruments();
            Assert.True(seen["streaming.job.watermark.delay"] > TimeSpan.FromDays(365).TotalSeconds, "the records are of 1970");
        }

        await using (var partition = await world.OpenAsync(job: Measured))
        {
            await partition.ProcessAsync(new Chunk(4, new Visit("a", 21, 0)), default);
            await partition.CheckpointAsync();
        }

        Assert.Equal((5, 1, 1, 2), (seen["streaming.job.records"], seen["streaming.job.late"], seen["streaming.job.exceptions"], seen["streaming.job.results"]));
        await using var unfit = await world.OpenAsync(job: Changed);
        listener.RecordObservableInstruments();
        Assert.Equal(1, seen["streaming.job.unfit"]);
    }

    private static bool IsGood(Visit visit) => visit.Value == 13 ? throw new InvalidOperationException("thirteen") : true;

    private static void Add(ConcurrentDictionary<string, double> seen, Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var tag in tags)
        {
            if (tag is { Key: "stream_job", Value: "measured" })
                seen.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value);
        }
    }
}
