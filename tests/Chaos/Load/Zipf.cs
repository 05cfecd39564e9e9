namespace Chaos.Load;

/// <summary>Numbers from 0, the first most often: the n-th comes in proportion to 1/n.</summary>
internal sealed class Zipf
{
    private readonly double[] _cumulative;

    public Zipf(int count)
    {
        _cumulative = new double[count];
        var sum = 0d;
        for (var i = 0; i < count; i++)
            _cumulative[i] = sum += 1d / (i + 1);
    }

    public int Next(Random random)
    {
        var found = Array.BinarySearch(_cumulative, random.NextDouble() * _cumulative[^1]);
        return Math.Min(found < 0 ? ~found : found, _cumulative.Length - 1);
    }
}
