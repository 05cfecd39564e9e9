using System.Text.RegularExpressions;

namespace AppHost.Running;

/// <summary>The settings that the programs read: those of docs/configuration.md, which a test compares with the code.</summary>
public static partial class KnownSettings
{
    // Read by ASP.NET Core and Orleans themselves.
    private static readonly string[] OfFrameworks = ["Logging", "Kestrel", "Orleans", "Urls", "AllowedHosts"];
    private static readonly string[] Names = Read();
    private static readonly HashSet<string> Sections = new(Names.Select(Section), StringComparer.OrdinalIgnoreCase);

    /// <summary>What to say of a setting that nothing reads; null of any other.</summary>
    /// <param name="name">The setting, such as <c>Kafka:Partitions</c>.</param>
    /// <returns>The words, and whether it is certain that it is a mistake: an application may have sections of its own.</returns>
    public static (string Words, bool IsMistake)? Trouble(string name)
    {
        // Below some there are names of the user's, as topics.
        if (Names.Any(known => name.Equals(known, StringComparison.OrdinalIgnoreCase) || name.StartsWith($"{known}:", StringComparison.OrdinalIgnoreCase)))
            return null;
        if (OfFrameworks.Contains(Section(name), StringComparer.OrdinalIgnoreCase) || EnvironmentName().IsMatch(name))
            return null;
        var nearest = Nearest.To(name, Names);
        return ($"there is no setting '{name}'{(nearest is null ? "" : $"; did you mean {nearest}?")}", nearest is not null || Sections.Contains(Section(name)));
    }

    private static string Section(string name) => name.Split(':')[0];

    private static string[] Read()
    {
        using var stream = typeof(KnownSettings).Assembly.GetManifestResourceStream("configuration.md")!;
        using var reader = new StreamReader(stream);
        return [.. Row().Matches(reader.ReadToEnd()).Select(row => row.Groups[1].Value)];
    }

    // As in the document's test; those with a dot are set in code only.
    [GeneratedRegex("^\\| `([A-Z][A-Za-z_]+(?::[A-Za-z]+)?)` \\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    // ASPNETCORE_HTTP_PORTS, DOTNET_gcServer, OTEL_SERVICE_NAME: read from the environment by the runtime and its libraries.
    [GeneratedRegex("^[A-Z]+_[A-Za-z0-9_]+$")]
    private static partial Regex EnvironmentName();
}
