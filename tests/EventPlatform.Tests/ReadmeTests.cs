namespace EventPlatform.Tests;

public sealed class ReadmeTests
{
    [Fact]
    public void The_example_in_the_readme_is_the_one_that_is_compiled_and_run_here()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Orleans.Streaming.sln")))
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("The tests run outside of the checkout.");
        var example = File.ReadAllText(Path.Combine(root, "samples", "Orders", "Orders.cs"));
        Assert.Contains(example.Trim(), File.ReadAllText(Path.Combine(root, "README.md")), StringComparison.Ordinal);
    }
}
