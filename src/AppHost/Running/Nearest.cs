namespace AppHost.Running;

/// <summary>Finds what was meant by a name that does not exist.</summary>
public static class Nearest
{
    /// <summary>The name that takes the fewest edits to come to, or null when none is near: more than a third of its letters would be others.</summary>
    public static string? To(string wrong, IEnumerable<string> names) =>
        names.Select(name => (Name: name, Distance: Distance(wrong.ToUpperInvariant(), name.ToUpperInvariant())))
            .Where(n => n.Distance <= Math.Max(1, n.Name.Length / 3)).OrderBy(n => n.Distance).FirstOrDefault().Name;

    /// <summary>Levenshtein's: letters put in, taken out or replaced.</summary>
    private static int Distance(string a, string b)
    {
        var former = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var row = new int[b.Length + 1];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
                row[j] = Math.Min(Math.Min(row[j - 1], former[j]) + 1, former[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            former = row;
        }

        return former[^1];
    }
}
