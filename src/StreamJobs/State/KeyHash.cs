using System.Runtime.InteropServices;

namespace StreamJobs.State;

/// <summary>A key's place among the groups that state is kept in. The same in every process and for ever: state is found by it.</summary>
internal static class KeyHash
{
    public const int Buckets = 1024;

    public static int BucketOf(string key)
    {
        // FNV-1a over UTF-16, folded.
        var hash = 2166136261u;
        foreach (var b in MemoryMarshal.AsBytes(key.AsSpan()))
            hash = (hash ^ b) * 16777619u;
        return (int)((hash ^ (hash >> 16)) % Buckets);
    }
}
