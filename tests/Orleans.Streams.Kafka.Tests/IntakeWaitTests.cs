using Confluent.Kafka;
using Orleans.Streams.Kafka.Receiving;

namespace Orleans.Streams.Kafka.Tests;

/// <summary>How the agent of an idle partition learns that something has come.</summary>
public sealed class IntakeWaitTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);
    private readonly RecordIntake _intake = new("t", 0, new KeyCache("t"), 100_000, long.MaxValue);

    [Fact]
    public async Task What_came_before_is_not_waited_for()
    {
        _intake.OnEnd(5);
        await _intake.WaitAsync(Long, TimeProvider.System, default).WaitAsync(Soon, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_record_the_start_of_a_session_and_the_end_of_the_log_each_end_the_wait()
    {
        foreach (var happens in new Action[] { () => Record(1), () => _intake.Begin("i", 1, 0, long.MinValue), () => _intake.OnEnd(2) })
        {
            var wait = _intake.WaitAsync(Long, TimeProvider.System, default);
            Assert.False(wait.IsCompleted);
            happens();
            await wait.WaitAsync(Soon, TestContext.Current.CancellationToken);
            while (_intake.TryPeek(out _))
                _intake.Take();
        }
    }

    [Fact]
    public async Task An_agent_that_stops_waits_no_longer()
    {
        using var stop = new CancellationTokenSource();
        var wait = _intake.WaitAsync(Long, TimeProvider.System, stop.Token);
        await stop.CancelAsync();
        await wait.WaitAsync(Soon, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task No_record_is_slept_through()
    {
        const int records = 200_000;
        var consumer = Task.Run(() =>
        {
            for (var i = 0; i < records; i++)
            {
                Record(i);
                Thread.SpinWait(i % 97);
            }
        }, TestContext.Current.CancellationToken);
        var agent = Task.Run(async () =>
        {
            for (var taken = 0; taken < records;)
            {
                while (_intake.TryPeek(out _))
                {
                    _intake.Take();
                    taken++;
                }

                if (taken < records)
                    await _intake.WaitAsync(Long, TimeProvider.System, default);
            }
        }, TestContext.Current.CancellationToken);
        await Task.WhenAll(consumer, agent).WaitAsync(Soon, TestContext.Current.CancellationToken);
    }

    private void Record(long offset) => _intake.OnRecord(new()
    {
        Topic = "t",
        Partition = 0,
        Offset = offset,
        Message = new() { Key = "k"u8.ToArray(), Value = [], Timestamp = new Timestamp(0, TimestampType.CreateTime) },
    });
}
