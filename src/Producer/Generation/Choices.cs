namespace Producer.Generation;

/// <summary>Random choices that are the same for the same seed, on every machine and runtime.</summary>
internal sealed class Choices(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>A number from 0 to below the limit.</summary>
    public int Below(int limit) => _random.Next(limit);

    /// <summary>A number from 0 to below the limit, small ones more often: the first tenth comes about twice as often as its share.</summary>
    public int FavouringSmall(int limit)
    {
        var x = _random.NextDouble();
        return (int)(limit * x * Math.Sqrt(x));
    }

    public bool PerMille(int share) => _random.Next(1000) < share;

    /// <summary>An amount with two decimals.</summary>
    public decimal Amount(int leastCents, int mostCents) => Cents(_random.Next(leastCents, mostCents));

    public static decimal Cents(int cents) => new(cents, 0, 0, false, 2);

    /// <summary>A new unique id.</summary>
    public string Id()
    {
        Span<byte> bytes = stackalloc byte[16];
        _random.NextBytes(bytes);
        return new Guid(bytes).ToString();
    }
}
