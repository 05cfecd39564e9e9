using System.Globalization;
using System.Text.Json;
using SchemaRegistry.Compatibility;

namespace SchemaRegistry.Registries;

/// <summary>
/// A folder as the registry. <c>subjects.json</c> names the subjects, each with its newest schema's file and compatibility rule; earlier versions,
/// and those registered at run time, lie in <c>versions/{subject}/{n}.avsc</c>. Ids are those of <see cref="SchemaId"/>.
/// </summary>
public sealed class FolderSchemaRegistry : ISchemaRegistry
{
    private readonly string _folder;
    private readonly Lock _writing = new();
    private volatile Contents _contents;

    /// <summary>Opens a folder and checks everything in it.</summary>
    /// <exception cref="InvalidSchemaException">A file is missing or wrong; the message has all of them.</exception>
    public FolderSchemaRegistry(string folder)
    {
        _folder = Path.GetFullPath(folder);
        _contents = Load();
    }

    /// <inheritdoc/>
    public ValueTask<string> GetByIdAsync(int id, CancellationToken cancellationToken = default)
    {
        // Another process may have registered it since.
        if (!_contents.ById.TryGetValue(id, out var schema) && !(_contents = Load()).ById.TryGetValue(id, out schema))
            throw new UnknownSchemaException(id, $"the folder {_folder}");
        return ValueTask.FromResult(schema.Schema);
    }

    /// <inheritdoc/>
    public ValueTask<RegisteredSchema> RegisterAsync(string subject, string schema, CancellationToken cancellationToken = default)
    {
        lock (_writing)
        {
            var contents = _contents = Load();
            var id = SchemaId.Of(schema);
            var versions = contents.Versions(subject);
            if (versions.FirstOrDefault(v => v.Id == id) is { } known)
                return ValueTask.FromResult(known);
            var rule = RuleOf(subject);
            var problems = SchemaCompatibility.Check(rule, AvroSchema.Parse(schema), [.. versions.Select(v => AvroSchema.Parse(v.Schema))]);
            if (problems.Count > 0)
                throw new IncompatibleSchemaException(subject, problems);
            var added = new RegisteredSchema(subject, versions.Count + 1, id, schema);
            // The file named in subjects.json counts as the newest unless it lies among the versions: let it lie there first.
            foreach (var version in versions.Append(added).Skip(StoredVersions(subject).Count))
                Write(version);
            _contents = Load();
            return ValueTask.FromResult(added);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RegisteredSchema>> ListAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IReadOnlyList<RegisteredSchema>>(_contents.All);

    /// <summary>A subject's compatibility rule: BACKWARD unless <c>subjects.json</c> says otherwise.</summary>
    public CompatibilityRule RuleOf(string subject) =>
        _contents.Subjects.TryGetValue(subject, out var entry) ? entry.Compatibility : CompatibilityRule.Backward;

    private Contents Load()
    {
        var index = Path.Combine(_folder, "subjects.json");
        if (!File.Exists(index))
            throw new InvalidSchemaException($"{index} is missing. Set SchemaRegistry:Folder to the folder of schemas, or SchemaRegistry:Url to a registry.");
        var errors = new List<string>();
        var all = new List<RegisteredSchema>();
        var subjects = JsonSerializer.Deserialize<Dictionary<string, SubjectEntry>>(File.ReadAllText(index), SubjectEntry.Json) ?? [];
        var folders = Directory.Exists(VersionsFolder) ? Directory.GetDirectories(VersionsFolder).Select(Path.GetFileName).OfType<string>() : [];
        foreach (var subject in subjects.Keys.Union(folders).Order(StringComparer.Ordinal))
            all.AddRange(LoadSubject(subject, subjects.GetValueOrDefault(subject), errors));
        return errors.Count == 0 ? new Contents(subjects, all) : throw new InvalidSchemaException(string.Join(System.Environment.NewLine, errors));
    }

    private List<RegisteredSchema> LoadSubject(string subject, SubjectEntry? entry, List<string> errors)
    {
        var versions = new List<RegisteredSchema>();
        var files = StoredVersions(subject);
        if (entry is not null)
            files.Add(Path.Combine(_folder, entry.Schema));
        foreach (var file in files)
        {
            try
            {
                var text = File.ReadAllText(file);
                AvroSchema.Parse(text);
                var id = SchemaId.Of(text);
                if (versions.All(v => v.Id != id))
                    versions.Add(new RegisteredSchema(subject, versions.Count + 1, id, text));
            }
            catch (Exception e) when (e is IOException or InvalidSchemaException)
            {
                errors.Add($"{file}: {e.Message}");
            }
        }

        return versions;
    }

    private string VersionsFolder => Path.Combine(_folder, "versions");

    private List<string> StoredVersions(string subject)
    {
        var folder = Path.Combine(VersionsFolder, subject);
        return Directory.Exists(folder)
            ? [.. Directory.GetFiles(folder, "*.avsc").OrderBy(f => int.Parse(Path.GetFileNameWithoutExtension(f), CultureInfo.InvariantCulture))]
            : [];
    }

    private void Write(RegisteredSchema schema)
    {
        var folder = Directory.CreateDirectory(Path.Combine(VersionsFolder, schema.Subject)).FullName;
        var file = Path.Combine(folder, FormattableString.Invariant($"{schema.Version}.avsc"));
        File.WriteAllText(file + ".new", schema.Schema);
        File.Move(file + ".new", file);
    }

    private sealed record Contents(Dictionary<string, SubjectEntry> Subjects, List<RegisteredSchema> All)
    {
        public Dictionary<int, RegisteredSchema> ById { get; } = All.GroupBy(s => s.Id).ToDictionary(g => g.Key, g => g.First());

        public IReadOnlyList<RegisteredSchema> Versions(string subject) => [.. All.Where(s => s.Subject == subject)];
    }

    private sealed record SubjectEntry(string Schema, CompatibilityRule Compatibility = CompatibilityRule.Backward)
    {
        public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
        {
            Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseUpper) },
        };
    }
}
