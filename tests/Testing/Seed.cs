using System.Globalization;
using Xunit;

namespace Testing;

/// <summary>Random choices that can be made again: the seed is printed with the test's output, and TEST_SEED sets it.</summary>
public static class Seed
{
    /// <summary>A seed for the running test.</summary>
    public static int Next()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TEST_SEED"), CultureInfo.InvariantCulture, out var given) ? given : System.Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed} (TEST_SEED={seed} repeats it)");
        return seed;
    }

    /// <summary>Random choices for the running test.</summary>
    public static Random Random() => new(Next());
}
