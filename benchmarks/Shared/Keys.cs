namespace Shared;

/// <summary>Which key a record has: each as often as any other, by Zipf's law with exponent 1, or one after the other.</summary>
public sealed class Keys
{
    private readonly Func<Random, int> _next;

    private Keys(Func<Random, int> next) => _next = next;

    public static Keys Of(int count, bool zipf) => zipf ? Zipf(count) : new(random => random.Next(count));

    /// <summary>Every key once before one comes again.</summary>
    public static Keys InTurn(int count)
    {
        var last = -1;
        return new(_ => last = (last + 1) % count);
    }

    public int Next(Random random) => _next(random);

    private static Keys Zipf(int count)
    {
        var (shares, sum) = (new double[count], 0.0);
        for (var i = 0; i < count; i++)
            shares[i] = sum += 1.0 / (i + 1);
        return new(random =>
        {
            var found = Array.BinarySearch(shares, random.NextDouble() * sum);
            return found < 0 ? Math.Min(~found, count - 1) : found;
        });
    }
}
