using System.Collections.Concurrent;
using EventStore.Projections;
using Microsoft.Extensions.DependencyInjection;
using static EventStore.Tests.Appends;

namespace EventStore.Tests.Projections;

public sealed class SubscriberTests(PostgresServer postgres)
{
    private sealed class Courier : IEventSubscriber
    {
        public ConcurrentQueue<int> Delivered { get; } = [];

        public Func<int, bool> Fails { get; set; } = _ => false;

        public string Name => "courier";

        public IReadOnlyCollection<Type> Events => [typeof(Counted)];

        public ValueTask HandleAsync(IReadOnlyList<SubscribedEvent> events, CancellationToken cancellationToken)
        {
            foreach (var (stored, e) in events)
            {
                var value = ((Counted)e).Value;
                Assert.Equal($"number/{value % 2}", stored.StreamKey);
                if (Fails(value))
                    throw new InvalidOperationException($"no road to {value}");
                Delivered.Enqueue(value);
            }

            return ValueTask.CompletedTask;
        }
    }

    [Fact]
    public async Task Every_event_is_delivered_in_order_and_not_again_by_the_next_runner()
    {
        var courier = new Courier();
        await using var world = await WorldAsync(courier);
        await AppendAsync(world, 0, 1, 2);
        await world.AppendAsync("number/0", Renamed("not for the courier"));
        await world.CaughtUpAsync("courier");
        Assert.Equal([0, 1, 2], courier.Delivered);

        await world.EndAsync("courier");
        await AppendAsync(world, 3, 4);
        await world.CaughtUpAsync("courier");
        Assert.Equal([0, 1, 2, 3, 4], courier.Delivered);
        Assert.Equal(ProjectionKind.Subscriber, (await world.Projections.GetAsync("courier"))!.Kind);
    }

    [Fact]
    public async Task What_fails_for_a_while_is_tried_again()
    {
        var failures = 3;
        var courier = new Courier { Fails = value => value == 1 && Interlocked.Decrement(ref failures) >= 0 };
        await using var world = await WorldAsync(courier);
        await AppendAsync(world, 0, 1, 2);
        await world.CaughtUpAsync("courier");
        Assert.Equal([0, 1, 2], courier.Delivered.Distinct());
        Assert.Equal([1, 2], courier.Delivered.TakeLast(2));
    }

    [Fact]
    public async Task What_fails_for_good_stops_the_subscriber_at_that_event_until_it_is_resumed()
    {
        var courier = new Courier { Fails = value => value == 2 };
        await using var world = await WorldAsync(courier, attempts: 2);
        await AppendAsync(world, 0, 1, 2, 3);
        await world.RunAsync("courier");
        var status = await world.StateAsync("courier", ProjectionState.Failed);
        Assert.Equal((3L, "no road to 2", 2L), (status.Error!.Sequence, status.Error.Message, status.Sequence));
        Assert.DoesNotContain(3, courier.Delivered);

        courier.Fails = _ => false;
        await world.Projections.ResumeAsync("courier", "ada");
        await world.CaughtUpAsync("courier");
        Assert.Equal([0, 1, 2, 3], courier.Delivered.Distinct());
    }

    private Task<ProjectionWorld> WorldAsync(Courier courier, int attempts = 20) => ProjectionWorld.FreshAsync(
        postgres, s => s.AddSingleton<IEventSubscriber>(courier), o => o.SubscriberAttempts = attempts);

    private static async Task AppendAsync(ProjectionWorld world, params int[] values)
    {
        foreach (var value in values)
            await world.AppendAsync($"number/{value % 2}", Counted(value));
    }
}
