
namespace AppHost.Running;

/// <summary>A data folder has one host at a time.</summary>
public sealed class DataFolder : IDisposable
{
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(15);
    private readonly FileStream _lock;

    private DataFolder(FileStream held) => _lock = held;

    /// <summary>Takes the folder for this process, ends what a dead host has left, and puts the last run's logs aside.</summary>
    /// <returns>The folder, or null when another host runs on it.</returns>
    public static async Task<DataFolder?> TryTakeAsync(string folder, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "logs"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"The data folder {folder} cannot be made: {e.Message} Name another one with --data.", e);
        }

        if (TryLock(Path.Combine(folder, "apphost.lock")) is not { } held)
            return null;
        var taken = new DataFolder(held);
        await EndLeftOversAsync(folder, time, cancellationToken);
        foreach (var log in Directory.GetFiles(Path.Combine(folder, "logs"), "*.log").Where(f => Path.GetFileName(f) != "apphost.log"))
            File.Move(log, log + ".previous", overwrite: true);
        return taken;
    }

    /// <summary>Ends what a dead host has left: its guards do so, unless they were killed too.</summary>
    public static async Task<int> EndLeftOversAsync(string folder, TimeProvider time, CancellationToken cancellationToken)
    {
        var left = Endpoints.Read(folder)?.Processes.Skip(1).Select(p => p.Identity).Where(p => p.IsAlive).Reverse().ToArray() ?? [];
        foreach (var process in left)
            await process.EndAsync(EndPatience, time, cancellationToken);
        Endpoints.Delete(folder);
        return left.Length;
    }

    /// <summary>Whether a host runs on the folder, be it that it has only begun.</summary>
    public static bool IsTaken(string folder)
    {
        var file = Path.Combine(folder, "apphost.lock");
        if (!File.Exists(file))
            return false;
        using var held = TryLock(file);
        return held is null;
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private static FileStream? TryLock(string file)
    {
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(file))
        {
            return null;
        }
    }
}
