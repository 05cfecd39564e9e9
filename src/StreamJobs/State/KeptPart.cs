using System.Numerics;

namespace StreamJobs.State;

/// <summary>What a <see cref="StateBlob.Group"/> of keyed state stands for: a group of the base and how many groups there are, or a delta and its place in their order.</summary>
internal readonly struct KeptPart
{
    private const int DeltaBit = 1 << 30;
    private const int GroupBits = 16;

    /// <summary>The last delta that has a number.</summary>
    public const int MaxSequence = DeltaBit - 1;

    private readonly int _number;

    /// <summary>Reads a number.</summary>
    /// <exception cref="StateFormatException">It is none.</exception>
    public KeptPart(int number)
    {
        _number = number;
        if (!IsDelta && !(BitOperations.IsPow2(Groups) && Groups <= KeyHash.Buckets && Group < Groups))
            throw new StateFormatException($"{number} names no group of keys: it was kept by an earlier version of this library");
    }

    public bool IsDelta => (_number & DeltaBit) != 0;

    public int Sequence => _number & ~DeltaBit;

    public int Groups => _number >> GroupBits;

    public int Group => _number & ((1 << GroupBits) - 1);

    public static int Base(int groups, int group) => (groups << GroupBits) | group;

    public static int Delta(int sequence) => DeltaBit | sequence;
}
