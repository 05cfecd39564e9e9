using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using SchemaRegistry.Compatibility;

namespace SchemaRegistry.Registries;

/// <summary>What a folder of schemas held when it was read, checked.</summary>
internal sealed class FolderContents
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseUpper) },
    };

    private readonly Dictionary<string, SubjectEntry> _subjects;
    private readonly Dictionary<int, RegisteredSchema> _byId = [];

    private FolderContents(Dictionary<string, SubjectEntry> subjects) => _subjects = subjects;

    /// <summary>Every version, by subject and version.</summary>
    public List<RegisteredSchema> All { get; } = [];

    /// <summary>Reads a folder.</summary>
    /// <exception cref="InvalidSchemaException">A file is missing or wrong, or a version is not compatible; the message has everything found.</exception>
    public static FolderContents Read(string folder)
    {
        var index = Path.Combine(folder, "subjects.json");
        if (!File.Exists(index))
            throw new InvalidSchemaException($"{index} is missing. Set SchemaRegistry:Folder to the folder of schemas, or SchemaRegistry:Url to a registry.");
        var contents = new FolderContents(ReadIndex(index));
        var errors = new List<string>();
        var stored = Directory.Exists(Versions(folder)) ? Directory.GetDirectories(Versions(folder)).Select(Path.GetFileName).OfType<string>() : [];
        foreach (var subject in contents._subjects.Keys.Union(stored).Order(StringComparer.Ordinal))
            contents.AddSubject(folder, subject, errors);
        return errors.Count == 0 ? contents : throw new InvalidSchemaException(string.Join(System.Environment.NewLine, errors));
    }

    /// <summary>The schema with an id, or null.</summary>
    public RegisteredSchema? Find(int id) => _byId.GetValueOrDefault(id);

    /// <summary>A subject's versions, oldest first.</summary>
    public IReadOnlyList<RegisteredSchema> Of(string subject) => [.. All.Where(s => s.Subject == subject)];

    /// <summary>A subject's rule: BACKWARD unless the index says otherwise.</summary>
    public CompatibilityRule RuleOf(string subject) =>
        _subjects.TryGetValue(subject, out var entry) ? entry.Compatibility : CompatibilityRule.Backward;

    /// <summary>Where a subject's earlier versions and those registered at run time lie.</summary>
    public static string VersionsOf(string folder, string subject) => Path.Combine(Versions(folder), subject);

    /// <summary>The files of a subject's stored versions, oldest first.</summary>
    public static IReadOnlyList<string> StoredVersions(string folder, string subject) => Directory.Exists(VersionsOf(folder, subject))
        ? [.. from file in Directory.GetFiles(VersionsOf(folder, subject), "*.avsc") let number = NumberOf(file) where number > 0 orderby number select file]
        : [];

    private static string Versions(string folder) => Path.Combine(folder, "versions");

    private static int NumberOf(string file) =>
        int.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static Dictionary<string, SubjectEntry> ReadIndex(string index)
    {
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, SubjectEntry>>(File.ReadAllText(index), Json) ?? [];
        }
        catch (JsonException e)
        {
            throw new InvalidSchemaException($"{index} is not as expected, {{\"SUBJECT\": {{\"schema\": FILE, \"compatibility\": RULE}}}}: {e.Message}", e);
        }
    }

    private void AddSubject(string folder, string subject, List<string> errors)
    {
        var files = StoredVersions(folder, subject).ToList();
        if (_subjects.TryGetValue(subject, out var entry))
            files.Add(Path.Combine(folder, entry.Schema));
        foreach (var file in files)
        {
            try
            {
                Add(subject, File.ReadAllText(file));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidSchemaException)
            {
                errors.Add($"{file}: {e.Message}");
            }
            catch (IncompatibleSchemaException e)
            {
                errors.Add($"{file}: {e.Message}. If no record of the earlier version is left, set the compatibility of '{subject}' to NONE in subjects.json.");
            }
        }
    }

    private void Add(string subject, string schema)
    {
        var parsed = AvroSchema.Parse(schema);
        var id = SchemaId.Of(schema);
        var versions = Of(subject);
        if (versions.Any(v => v.Id == id))
            return;
        if (_byId.TryGetValue(id, out var other) && SchemaId.Normalize(other.Schema) != SchemaId.Normalize(schema))
            throw new InvalidSchemaException($"its id, {id}, is by chance that of another schema, of '{other.Subject}'. Rename one of the two records.");
        var problems = SchemaCompatibility.Check(RuleOf(subject), parsed, [.. versions.Select(v => AvroSchema.Parse(v.Schema))]);
        if (problems.Count > 0)
            throw new IncompatibleSchemaException(subject, problems);
        var added = new RegisteredSchema(subject, versions.Count + 1, id, schema);
        All.Add(added);
        _byId.TryAdd(id, added);
    }

    private sealed record SubjectEntry(string Schema, CompatibilityRule Compatibility = CompatibilityRule.Backward);
}
