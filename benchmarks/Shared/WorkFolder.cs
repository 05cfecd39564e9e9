namespace Shared;

/// <summary>Where a run's servers and logs lie: the folder given, which must be empty, or a temporary one that goes with the run.</summary>
public sealed class WorkFolder : IDisposable
{
    private readonly bool _temporary;

    /// <param name="bench">The benchmark's name.</param>
    /// <param name="given">The folder asked for, or null.</param>
    /// <exception cref="InvalidOperationException">It holds something.</exception>
    public WorkFolder(string bench, string? given)
    {
        if (given is not null && Directory.Exists(given) && Directory.EnumerateFileSystemEntries(given).Any())
            throw new InvalidOperationException($"{given} is not empty, and what an earlier run left would be measured too: name a new folder, or none.");
        (_temporary, Path) = (given is null, given ?? Directory.CreateTempSubdirectory(bench).FullName);
    }

    public string Path { get; }

    public void Dispose()
    {
        if (_temporary)
            Directory.Delete(Path, recursive: true);
    }
}
