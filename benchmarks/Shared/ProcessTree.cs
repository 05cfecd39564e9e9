using System.Globalization;

namespace Shared;

/// <summary>The processor time of a process and those it has started, as /proc tells.</summary>
public sealed class ProcessTree(int root)
{
    private readonly Dictionary<int, double> _seconds = [];

    /// <summary>Looks again; what has ended since keeps what it was last seen to have used.</summary>
    public void Look()
    {
        var parents = new Dictionary<int, (int Parent, double Seconds)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(f => char.IsAsciiDigit(Path.GetFileName(f)[0])))
        {
            try
            {
                var fields = File.ReadAllText(Path.Combine(folder, "stat")).Split(") ").Last().Split(' ');
                var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
                parents[int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)] = (int.Parse(fields[1], CultureInfo.InvariantCulture), ticks / 100.0);
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        }

        foreach (var (pid, (_, seconds)) in parents.Where(p => IsOurs(p.Key)))
            _seconds[pid] = seconds;

        bool IsOurs(int pid)
        {
            while (pid > 1 && pid != root && parents.TryGetValue(pid, out var entry))
                pid = entry.Parent;
            return pid == root;
        }
    }

    /// <summary>All that was used, in seconds of one core.</summary>
    public double Seconds => _seconds.Values.Sum();
}
