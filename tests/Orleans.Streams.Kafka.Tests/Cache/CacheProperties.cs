using CsCheck;

namespace Orleans.Streams.Kafka.Tests.Cache;

/// <summary>The cache, driven by a model of the pulling agent: whatever the order and outcome of its steps, nothing is lost, stuck or reordered.</summary>
public sealed class CacheProperties
{
    private static readonly Gen<(int Op, int A, int B)[]> Steps = Gen.Select(Gen.Int[0, 11], Gen.Int[0, 1000], Gen.Int[0, 7]).Array[0, 400];
    private static readonly Gen<string[]> Subscribers = Gen.Int[0, 3].Select(n => n switch { 0 => Array.Empty<string>(), 3 => ["a", "b"], _ => new[] { "a" } });

    [Fact]
    public void Nothing_is_lost_stuck_or_reordered_whatever_the_agent_meets() =>
        Gen.Select(Subscribers, Steps).Sample(
            (subscribers, steps) =>
            {
                var world = new CacheWorld(subscribers);
                foreach (var step in steps)
                {
                    Apply(world, step);
                    world.AssertSafe();
                }

                world.AssertNothingStuck();
            },
            iter: 3000, writeLine: TestContext.Current.TestOutputHelper!.WriteLine);

    [Fact]
    public void A_successor_that_starts_at_the_checkpoint_leaves_nothing_out_even_while_the_former_owner_goes_on() =>
        Gen.Select(Subscribers, Steps, Steps).Sample(
            (subscribers, before, both) =>
            {
                var former = new CacheWorld(subscribers);
                foreach (var step in before)
                {
                    Apply(former, step);
                }

                var successor = former.Successor(former.Cache.Watermark);
                foreach (var step in both)
                {
                    Apply(step.B % 2 == 0 ? former : successor, step);
                    former.AssertSafe();
                    successor.AssertSafe();
                }

                former.Agent.BeginShutdown();
                foreach (var consumer in former.Agent.Consumers.Where(c => c.Delivery is not null))
                {
                    former.Agent.Fail(consumer, lateSuccess: false);
                }

                former.Agent.EndShutdown();
                former.AssertSafe();
                successor.AssertNothingStuck();
            },
            iter: 1500, writeLine: TestContext.Current.TestOutputHelper!.WriteLine);

    [Fact]
    public void A_restart_reads_everything_above_the_checkpoint_again() =>
        Gen.Select(Subscribers, Steps, Steps).Sample(
            (subscribers, before, after) =>
            {
                var world = new CacheWorld(subscribers);
                foreach (var step in before)
                {
                    Apply(world, step);
                }

                world.RestartInPlace();
                foreach (var step in after)
                {
                    Apply(world, step);
                    world.AssertSafe();
                }

                world.AssertNothingStuck();
            },
            iter: 1500, writeLine: TestContext.Current.TestOutputHelper!.WriteLine);

    [Fact]
    public void Busy_keys_take_turns_with_those_that_wait()
    {
        const int Keys = 6;
        var served = new HashSet<string>();
        var world = new CacheWorld(["a"]);
        for (var round = 0; round < 40 && (world.Agent.Consumers.Count < Keys || world.Agent.Registering.Count > 0); round++)
        {
            ProduceToAll();
            world.Read(Keys);
            foreach (var registering in world.Agent.Registering)
            {
                world.Agent.StepRegistration(registering);
            }

            DeliverAll();
        }

        // Now every key is known, there are twice as many as deliveries at once, and each has more to deliver whenever one ends.
        // Few rounds, so that it isn't the cache's limit of items that stops the busy ones.
        Assert.Equal(Keys, world.Agent.Consumers.Count);
        world.AssertNothingStuck();
        served.Clear();
        for (var round = 0; round < 5; round++)
        {
            ProduceToAll();
            world.Read(Keys);
            ProduceToAll();
            world.Read(Keys);
            DeliverAll();
        }

        Assert.Equal(Keys, served.Count);
        world.AssertNothingStuck();

        void ProduceToAll()
        {
            for (var key = 0; key < Keys; key++)
            {
                world.Produce($"k{key}", 0);
            }
        }

        void DeliverAll()
        {
            foreach (var consumer in world.Agent.Consumers.Where(c => c.Delivery is not null))
            {
                served.Add(consumer.Delivery![0].Key);
                world.Agent.Succeed(consumer);
            }

            world.AssertSafe();
        }
    }

    private static void Apply(CacheWorld world, (int Op, int A, int B) step)
    {
        var agent = world.Agent;
        var delivering = agent.Consumers.Where(c => c.Delivery is not null).ToList();
        var failing = agent.Consumers.Where(c => c.InErrorProtocol).ToList();
        switch (step.Op)
        {
            case 0 or 1 or 2:
                world.Produce($"k{step.A % 6}", step.B == 7 ? 3 : 0);
                break;
            case 3 or 4:
                world.Read(step.B + 1);
                break;
            case 5 when agent.Registering is { Count: > 0 } registering:
                agent.StepRegistration(registering[step.A % registering.Count], fails: step.B == 7);
                break;
            case 6 or 7 when delivering.Count > 0:
                agent.Succeed(delivering[step.A % delivering.Count]);
                break;
            case 8 when delivering.Count > 0:
                agent.Fail(delivering[step.A % delivering.Count], lateSuccess: step.B % 2 == 0);
                break;
            case 9 when failing.Count > 0:
                agent.EndErrorProtocol(failing[step.A % failing.Count]);
                break;
            case 10:
                world.Advance(step.B == 7 ? TimeSpan.FromSeconds(65) : TimeSpan.FromMilliseconds(step.A));
                break;
            case 11 when delivering.Count > 0:
                agent.AskForAnotherCursor(delivering[step.A % delivering.Count]);
                break;
        }
    }
}
