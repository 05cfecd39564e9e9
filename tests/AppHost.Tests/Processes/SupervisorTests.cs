using AppHost.Processes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace AppHost.Tests.Processes;

public sealed class SupervisorTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly PauseClock _time = new();
    private readonly FakePart _part = new();

    [Fact]
    public async Task A_part_that_ends_is_started_again_after_a_pause()
    {
        var supervisor = await StartAsync();

        await EndAsync();
        Assert.Equal(1, _part.Starts);
        _time.Advance(TimeSpan.FromSeconds(0.5));

        await StartedAsync(2);
        Assert.Equal(1, supervisor.Restarts);
        await supervisor.StopAsync();
    }

    [Fact]
    public async Task One_that_ends_again_and_again_is_started_ever_later_up_to_half_a_minute()
    {
        var supervisor = await StartAsync();
        double[] pauses = [0.5, 1, 2, 4, 8, 16, 30, 30];

        for (var i = 0; i < pauses.Length; i++)
        {
            await EndAsync();
            _time.Advance(TimeSpan.FromSeconds(pauses[i] - 0.01));
            Assert.Equal(i + 1, _part.Starts);
            _time.Advance(TimeSpan.FromSeconds(0.01));
            await StartedAsync(i + 2);
        }

        await supervisor.StopAsync();
    }

    [Fact]
    public async Task One_that_cannot_be_started_or_told_of_for_whatever_reason_is_started_later()
    {
        var isDiskFull = false;
        var supervisor = new Supervisor(_part, _time, NullLogger.Instance, () =>
        {
            if (isDiskFull)
                throw new IOException("No space left on device");
        });
        await supervisor.StartAsync(TestContext.Current.CancellationToken);
        isDiskFull = true;
        (_part.FailingStarts, _part.StartError) = (1, new IOException("No space left on device"));
        await EndAsync();
        _time.Advance(TimeSpan.FromSeconds(0.5));
        await PausesAsync(2);
        _time.Advance(TimeSpan.FromSeconds(1));

        await StartedAsync(2);
        await supervisor.StopAsync();
    }

    [Fact]
    public async Task One_that_ran_for_long_starts_soon_again()
    {
        var supervisor = await StartAsync();
        await EndAsync();
        _time.Advance(TimeSpan.FromSeconds(0.5));
        await StartedAsync(2);

        _time.Advance(TimeSpan.FromMinutes(2));
        await EndAsync();
        _time.Advance(TimeSpan.FromSeconds(0.5));

        await StartedAsync(3);
        await supervisor.StopAsync();
    }

    [Fact]
    public async Task One_that_does_not_start_is_tried_again()
    {
        var supervisor = await StartAsync();
        _part.FailingStarts = 1;

        await EndAsync();
        _time.Advance(TimeSpan.FromSeconds(0.5));
        await PausesAsync(2);
        _time.Advance(TimeSpan.FromSeconds(1));

        await StartedAsync(2);
        await supervisor.StopAsync();
    }

    [Fact]
    public async Task Bringing_back_ends_the_pause_and_says_whether_there_was_one()
    {
        var supervisor = await StartAsync();
        Assert.False(supervisor.BringBack());

        await EndAsync();
        Assert.True(supervisor.BringBack());

        await StartedAsync(2);
        await supervisor.StopAsync();
    }

    [Fact]
    public async Task A_stopped_part_stays_stopped()
    {
        var supervisor = await StartAsync();
        await EndAsync();

        await supervisor.StopAsync();
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal((1, 1), (_part.Starts, _part.Stops));
    }

    private async Task<Supervisor> StartAsync()
    {
        var supervisor = new Supervisor(_part, _time, NullLogger.Instance, () => { });
        await supervisor.StartAsync(CancellationToken.None);
        return supervisor;
    }

    private async Task EndAsync()
    {
        var pauses = _time.Pauses;
        _part.End();
        await PausesAsync(pauses + 1);
    }

    private Task PausesAsync(int number) => Eventually.Async(() => _time.Pauses == number, Patience, $"pause {number} has begun");

    private Task StartedAsync(int number) =>
        Eventually.Async(() => _part.Starts == number && _part.Watched, Patience, $"the part was started {number} times and is watched");

    /// <summary>Counts the pauses that have begun: only then does the clock's advance end one.</summary>
    private sealed class PauseClock : FakeTimeProvider
    {
        private int _pauses;

        public int Pauses => Volatile.Read(ref _pauses);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _pauses);
            return timer;
        }
    }
}
