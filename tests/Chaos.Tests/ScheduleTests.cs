using Chaos.Schedule;

namespace Chaos.Tests;

public sealed class ScheduleTests
{
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(10);

    [Fact]
    public void The_same_seed_gives_the_same_schedule() =>
        Assert.Equal(FaultPlan.Make(42, 60, Length, FaultPlan.Possible(realKafka: true)), FaultPlan.Make(42, 60, Length, FaultPlan.Possible(realKafka: true)));

    [Fact]
    public void Another_seed_gives_another_one() =>
        Assert.NotEqual(FaultPlan.Make(42, 60, Length, FaultPlan.Possible(realKafka: true)), FaultPlan.Make(43, 60, Length, FaultPlan.Possible(realKafka: true)));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_kind_that_is_possible_comes_and_no_other_one(bool realKafka)
    {
        var possible = FaultPlan.Possible(realKafka);
        var planned = FaultPlan.Make(7, 60, Length, possible);
        Assert.Equal(possible.Order(), planned.Select(f => f.Kind).Distinct().Order());
        Assert.Equal(realKafka, possible.Contains(FaultKind.BrokerKilled));
        Assert.Equal(!realKafka, possible.Contains(FaultKind.BrokerErrors));
    }

    [Fact]
    public void Only_the_kinds_that_are_asked_for_come()
    {
        FaultKind[] asked = [FaultKind.SiloKilled, FaultKind.SiloStoppedBeyondLease];
        var planned = FaultPlan.Make(7, 60, Length, FaultPlan.Choose(asked, realKafka: true));
        Assert.Equal(asked.Order(), planned.Select(f => f.Kind).Distinct().Order());
    }

    [Fact]
    public void A_kind_that_the_broker_at_hand_cannot_have_is_refused_and_named()
    {
        var refused = Assert.Throws<InvalidOperationException>(() => FaultPlan.Choose([FaultKind.SiloKilled, FaultKind.BrokerKilled], realKafka: false));
        Assert.Contains("BrokerKilled cannot be done on the emulator", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Faults_come_in_order_and_within_the_length()
    {
        var times = FaultPlan.Make(7, 60, Length, FaultPlan.Possible(realKafka: true)).Select(f => f.At).ToArray();
        Assert.Equal(times.Order(), times);
        Assert.All(times, at => Assert.InRange(at, 0, Length.TotalSeconds));
    }
}
