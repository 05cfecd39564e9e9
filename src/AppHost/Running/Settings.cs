using Microsoft.Extensions.Configuration;

namespace AppHost.Running;

/// <summary>
/// Settings that the user gives to every part: <c>Name:Sub=value</c> on the command line wins over the environment, which wins over
/// <c>settings.json</c> in the data folder.
/// </summary>
public sealed class Settings
{
    private readonly IConfigurationRoot _file;
    private readonly Dictionary<string, string?> _given;
    private readonly IConfigurationRoot _all;

    private Settings(IConfigurationRoot file, Dictionary<string, string?> given)
    {
        (_file, _given) = (file, given);
        _all = new ConfigurationBuilder().AddConfiguration(file).AddEnvironmentVariables().AddInMemoryCollection(given).Build();
    }

    /// <summary>The value of a setting, or null.</summary>
    public string? this[string name] => _all[name] is { Length: > 0 } value ? value : null;

    /// <summary>Every setting that is given. The environment holds much that is none: of it only those that some part reads.</summary>
    public IEnumerable<KeyValuePair<string, string>> All => _all.AsEnumerable()
        .Where(s => s.Value is not null && (_given.ContainsKey(s.Key) || _file[s.Key] is not null || (s.Key.Contains(':', StringComparison.Ordinal) && KnownSettings.Trouble(s.Key) is null)))
        .Select(s => KeyValuePair.Create(s.Key, s.Value!));

    /// <summary>Reads the data folder's settings and adds those of the command line.</summary>
    /// <exception cref="InvalidOperationException">They cannot be read; the message names each that is wrong.</exception>
    public static Settings Load(string dataFolder, IReadOnlyList<string> given)
    {
        var wrong = given.Where(s => s.IndexOf('=', StringComparison.Ordinal) <= 0).ToArray();
        if (wrong.Length > 0)
            throw new InvalidOperationException($"Settings after -- have the form Name:Sub=value, unlike {string.Join(", ", wrong.Select(w => $"'{w}'"))}.");
        var file = Path.GetFullPath(Path.Combine(dataFolder, "settings.json"));
        return new Settings(Read(file), Given(given));
    }

    private static IConfigurationRoot Read(string file)
    {
        try
        {
            var written = new ConfigurationBuilder().AddJsonFile(file, optional: true).Build();
            // Sections that nobody here reads may be an application's own.
            var mistakes = written.AsEnumerable().Where(s => s.Value is not null).Select(s => KnownSettings.Trouble(s.Key)).Where(t => t is { IsMistake: true }).Select(t => t!.Value.Words).ToArray();
            return mistakes.Length == 0 ? written
                : throw new InvalidOperationException($"In {file} {string.Join("; ", mistakes)} docs/configuration.md lists them.");
        }
        catch (InvalidDataException e)
        {
            throw new InvalidOperationException($"{file} is not valid JSON: {e.InnerException?.Message ?? e.Message}", e);
        }
    }

    // The last one counts, as it does for the programs themselves.
    private static Dictionary<string, string?> Given(IEnumerable<string> settings)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var setting in settings.Select(s => s.Split('=', 2)))
            values[setting[0]] = setting[1];
        return values;
    }

    /// <summary>The variables that give the settings to a child, which inherits the environment's own.</summary>
    public Dictionary<string, string?> ToEnvironment()
    {
        var values = _file.AsEnumerable().Where(s => s.Value is not null && Environment.GetEnvironmentVariable(Variable(s.Key)) is null)
            .ToDictionary(s => Variable(s.Key), s => s.Value, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in _given)
            values[Variable(name)] = value;
        return values;
    }

    internal static string Variable(string name) => name.Replace(":", "__", StringComparison.Ordinal);
}
