namespace Architecture.Tests.Deployment;

/// <summary>A Dockerfile's instructions.</summary>
internal sealed class Dockerfile
{
    private readonly List<(string Name, string Arguments)> _instructions;

    public Dockerfile(string path) => _instructions =
    [
        .. Repository.Read(path).Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(' ', 2)).Select(parts => (parts[0], parts.Length > 1 ? parts[1].Trim() : "")),
    ];

    /// <summary>The images it builds on.</summary>
    public IEnumerable<string> Images => Of("FROM").Select(from => from.Split(' ')[0]);

    /// <summary>The commands of the build, in order.</summary>
    public IEnumerable<string> Runs => Of("RUN");

    public string? HealthCheck => Of("HEALTHCHECK").SingleOrDefault();

    public string User => Of("USER").Last();

    public string EntryPoint => Of("ENTRYPOINT").Single();

    /// <summary>What it copies from the repository, and where to.</summary>
    public IEnumerable<(string From, string To)> Copies =>
        from copy in Of("COPY")
        where !copy.StartsWith("--from=", StringComparison.Ordinal)
        let parts = copy.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        from source in parts[..^1]
        select (source, parts[^1]);

    public static IEnumerable<string> All => Repository.Files("deploy", "*.Dockerfile").Order(StringComparer.Ordinal);

    private IEnumerable<string> Of(string name) => _instructions.Where(i => i.Name == name).Select(i => i.Arguments);
}
