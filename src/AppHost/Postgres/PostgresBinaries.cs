namespace AppHost.Postgres;

/// <summary>The server programs of an installed Postgres, and who may run them.</summary>
/// <param name="Folder">Where <c>postgres</c> and <c>initdb</c> lie.</param>
/// <param name="User">The user to run them as, or null for ourselves.</param>
public sealed record PostgresBinaries(string Folder, string? User)
{
    /// <summary>Finds the newest server installed.</summary>
    /// <exception cref="InvalidOperationException">There is none; the message says how to install it.</exception>
    public static PostgresBinaries Find() => Find(System.Environment.GetEnvironmentVariable("PATH") ?? "", "/usr/lib/postgresql");

    internal static PostgresBinaries Find(string path, string packages)
    {
        var packaged = Directory.Exists(packages)
            ? Directory.GetDirectories(packages).OrderByDescending(d => int.TryParse(Path.GetFileName(d), out var v) ? v : 0).Select(d => Path.Combine(d, "bin"))
            : [];
        var folder = path.Split(Path.PathSeparator).Concat(packaged).FirstOrDefault(f => File.Exists(Path.Combine(f, "postgres")) && File.Exists(Path.Combine(f, "initdb")))
            ?? throw new InvalidOperationException(
                "No Postgres server is installed. Install one (Debian: apt-get install postgresql), or set ConnectionStrings:Postgres to one that runs.");
        return new PostgresBinaries(folder, System.Environment.IsPrivilegedProcess ? OtherUser() : null);
    }

    /// <summary>The command that runs one of the programs as the right user, in one process.</summary>
    public string[] As(string program, params string[] arguments)
    {
        string[] command = [Path.Combine(Folder, program), .. arguments];
        return User is null ? command : ["setpriv", $"--reuid={User}", $"--regid={User}", "--clear-groups", "--", .. command];
    }

    private static string OtherUser()
    {
        var users = File.ReadLines("/etc/passwd").Select(line => line.Split(':')[0]).ToHashSet();
        return users.Contains("postgres") ? "postgres" : "nobody";
    }
}
