using Grains.Jobs;
using StreamJobs.Testing;

namespace StreamJobs.Tests;

/// <summary>The shop's alert: three withdrawals refused within ten minutes, and no deposit between.</summary>
public sealed class RepeatedRejectionsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("r0 r4 r10", "3 from 0 to 10")]
    [InlineData("r0 r4 r11", "")]
    [InlineData("r0 r4 r11 r12", "3 from 4 to 12")]
    [InlineData("r0 d1 r2 r3", "")]
    [InlineData("r0 d1 r2 r3 r4", "3 from 2 to 4")]
    [InlineData("r0 r1 w2 r3", "3 from 0 to 3")]
    [InlineData("r0 r1 r2 r3 r4", "3 from 0 to 2")]
    [InlineData("r0 r1 r2 r3 r4 r5", "3 from 0 to 2, 3 from 3 to 5")]
    public void An_alert_needs_three_refusals_close_together_and_the_next_one_three_more(string story, string alerts)
    {
        var harness = new JobHarness<AccountFact>(ShopJobs.SuspiciousWithdrawals).Given(story.Split(' ').Select(e => new AccountFact
        {
            Entity = "acc",
            Timestamp = Noon.AddMinutes(int.Parse(e[1..], System.Globalization.CultureInfo.InvariantCulture)),
            Type = e[0] switch { 'r' => "account-withdrawal-rejected", 'd' => "account-deposited", _ => "account-withdrawn" },
        })).Drain();
        Assert.Equal(alerts, string.Join(", ", harness.Results.Select(r => $"{r.Value.GetProperty("rejections")} from {Minute(r, "first")} to {Minute(r, "last")}")));
        Assert.Empty(harness.Faults);
    }

    private static int Minute(JobResult result, string name) => (int)(result.Value.GetProperty(name).GetDateTimeOffset() - Noon).TotalMinutes;
}
