using Grains.Jobs;
using StreamJobs.Testing;

namespace StreamJobs.Tests;

public sealed class ReadmeTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_test_of_a_job_in_the_readme_is_the_one_that_runs_here()
    {
        #region example
        var job = new JobHarness<ShopEvent>(ShopJobs.Revenue)
            .Given(Purchase(at: Noon, 10m), Purchase(at: Noon.AddMinutes(4), 5m), Purchase(at: Noon.AddDays(30), 1m));
        Assert.Equal(15m, job.Final.First().Value.GetProperty("total").GetDecimal());
        #endregion

        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Orleans.Streaming.sln")))
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("The tests run outside of the checkout.");
        var code = File.ReadAllText(Path.Combine(root, "tests", "StreamJobs.Tests", "ReadmeTests.cs"));
        var example = code.Split("#region example")[1].Split("#endregion")[0].Trim().Replace("\n        ", "\n", StringComparison.Ordinal);
        Assert.Contains(example, File.ReadAllText(Path.Combine(root, "README.md")), StringComparison.Ordinal);
    }

    private static ShopEvent Purchase(DateTimeOffset at, decimal amount) =>
        new() { UserId = "ada", EventType = "PURCHASE", Timestamp = at, Amount = amount };
}
