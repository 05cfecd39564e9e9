using System.Globalization;
using AppHost.Processes;

namespace Memory;

/// <summary>A look at a silo.</summary>
/// <param name="Resident">Its resident memory, in bytes.</param>
/// <param name="Users">Users that are active in it.</param>
/// <param name="Heap">Managed heap after the last collection, in bytes.</param>
/// <param name="Committed">What the collector has taken of the system, in bytes.</param>
/// <param name="Outstanding">Records that wait for their acknowledgement.</param>
/// <param name="OutstandingBytes">Bytes of them.</param>
internal sealed record Sample(double Resident, double Users, double Heap, double Committed, double Outstanding, double OutstandingBytes)
{
    public static Sample? Of(OwnedProcess silo)
    {
        if (!File.Exists(silo.LogFile) || File.ReadLines(silo.LogFile).LastOrDefault(l => l.StartsWith("vitals ", StringComparison.Ordinal)) is not { } line)
            return null;
        var numbers = line.Split(' ')[1..];
        if (numbers.Length < 5) // it is being written
            return null;
        var resident = File.ReadLines($"/proc/{silo.Pid}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        var values = Array.ConvertAll(numbers, n => double.Parse(n, CultureInfo.InvariantCulture));
        return new(1024 * double.Parse(resident.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture), values[0], values[1], values[2], values[3], values[4]);
    }
}
