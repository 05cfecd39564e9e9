using System.Text;
using StreamJobs.Engine;
using StreamJobs.Running;
using StreamJobs.Sinks;

namespace StreamJobs.Tests;

/// <summary>What Kafka's client would refuse each time is not handed to it: all that is sent after it would wait.</summary>
public sealed class RecordSizeTests
{
    [Fact]
    public void A_late_record_that_is_too_large_to_be_sent_is_kept_as_one_that_the_job_could_not_use()
    {
        var job = Visits.Keyed().Window(Tumbling.Of(10.Milliseconds())).Aggregate(a => new { c = a.Count() }).LateToTopic("late");
        var one = (PartitionJob<Visit>)job.CreatePartition(0, null, _ => 1);
        Visit[] visits = [new("a", 50, 0), new("a", 1, 0), new(new('x', 200), 2, 0)];
        one.Process(visits, [.. visits.Select((_, i) => new RecordPlace(i, 60, i, true))], 3);
        var aside = new RecordsAside("visits", 0, maxBytes: 150);
        aside.Add(one, new Chunk(0, visits));

        var (faults, late) = aside.Take();
        Assert.Equal([2], faults.Select(f => f.Offset));
        Assert.Contains("at most 150 are sent", faults[0].Error.Message, StringComparison.Ordinal);
        Assert.Equal(["visits|0|1"], OutboxRecords.Read(Assert.Single(late).Data).Select(r => Encoding.UTF8.GetString(r.Key)));
    }

    [Fact]
    public void A_result_that_is_too_large_to_be_sent_is_told_and_holds_nothing_up()
    {
        var output = new JobOutput<string>([new("out", (WindowResult<string> r) => r.Value, typeof(string))], new Texts(), onlyToTopics: false);
        foreach (var text in new[] { "short", new string('x', 100) })
            output.Add(() => new("key", 0, 10, 0, false, text));
        Assert.Equal(["\"short\""], output.Results.Select(r => Encoding.UTF8.GetString(r.Json)));
        Assert.Single(output.Records);
        Assert.Contains("has 105 bytes", Assert.Single(output.Failures).Message, StringComparison.Ordinal);
    }

    private sealed class Texts : IJobRecordEncoder
    {
        public int MaxBytes => 50;

        public ValueTask PrepareAsync(string topic, Type recordType, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public byte[] Encode(string topic, Type recordType, object record) => Encoding.UTF8.GetBytes((string)record);
    }
}
