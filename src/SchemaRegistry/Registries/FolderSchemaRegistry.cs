using System.Diagnostics;
using System.Text.RegularExpressions;
using SchemaRegistry.Compatibility;

namespace SchemaRegistry.Registries;

/// <summary>
/// A folder as the registry. <c>subjects.json</c> names the subjects, each with its newest schema's file and compatibility rule; earlier versions,
/// and those registered at run time, lie in <c>versions/{subject}/{n}.avsc</c>. Ids are those of <see cref="SchemaId"/>. Several processes
/// may read and register at once.
/// </summary>
public sealed partial class FolderSchemaRegistry : ISchemaRegistry
{
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(5);

    private readonly string _folder;
    private readonly Lock _reading = new();
    private volatile FolderContents _contents;
    private (int Files, DateTime Newest) _seen;

    /// <summary>Opens a folder and checks everything in it.</summary>
    /// <exception cref="InvalidSchemaException">A file is missing or wrong, or a version is not compatible; the message has everything found.</exception>
    public FolderSchemaRegistry(string folder)
    {
        _folder = Path.GetFullPath(folder);
        _seen = Stamp();
        _contents = FolderContents.Read(_folder);
    }

    /// <inheritdoc/>
    public ValueTask<string> GetByIdAsync(int id, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult((_contents.Find(id) ?? Current().Find(id) ?? throw new UnknownSchemaException(id, $"the folder {_folder}")).Schema);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RegisteredSchema>> ListAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IReadOnlyList<RegisteredSchema>>(Current().All);

    /// <summary>A subject's compatibility rule: BACKWARD unless <c>subjects.json</c> says otherwise.</summary>
    public CompatibilityRule RuleOf(string subject) => Current().RuleOf(subject);

    /// <inheritdoc/>
    public async ValueTask<RegisteredSchema> RegisterAsync(string subject, string schema, CancellationToken cancellationToken = default)
    {
        // A subject is a folder's name, and may come from another machine.
        if (!SubjectName().IsMatch(subject))
            throw new InvalidSchemaException($"'{subject}' is no subject: it may have letters, digits, '.', '_' and '-', and begin with a letter or digit.");
        var (id, parsed) = (SchemaId.Of(schema), AvroSchema.Parse(schema));
        if (Find(subject, id) is { } known)
            return known;
        await using var alone = await LockAsync(cancellationToken);
        if (Find(subject, id) is { } since)
            return since;
        var versions = Current().Of(subject);
        var problems = SchemaCompatibility.Check(RuleOf(subject), parsed, [.. versions.Select(v => AvroSchema.Parse(v.Schema))]);
        if (problems.Count > 0)
            throw new IncompatibleSchemaException(subject, problems);

        // The file named in subjects.json is the newest version unless it lies among the stored ones: let it lie there first.
        var added = new RegisteredSchema(subject, versions.Count + 1, id, schema);
        foreach (var version in versions.Append(added).Skip(FolderContents.StoredVersions(_folder, subject).Count))
            Store(version);
        return added;
    }

    private RegisteredSchema? Find(string subject, int id) => Current().Of(subject).FirstOrDefault(v => v.Id == id);

    // Held by one process at a time, and let go by the system when that one dies.
    private async Task<FileStream> LockAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(_folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (Stopwatch.GetElapsedTime(started) < LockPatience)
            {
                await Task.Delay(LockPause, cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new SchemaRegistryUnavailableException($"The folder of schemas {_folder} cannot be written: {e.Message}", e);
            }
        }
    }

    // Written beside and moved: a reader sees all of a file or none.
    private void Store(RegisteredSchema version)
    {
        var folder = Directory.CreateDirectory(FolderContents.VersionsOf(_folder, version.Subject)).FullName;
        var file = Path.Combine(folder, FormattableString.Invariant($"{version.Version}.avsc"));
        File.WriteAllText(file + ".new", version.Schema);
        File.Move(file + ".new", file, overwrite: true);
    }

    // Another process may have registered something since; an id that nobody knows costs a look at the files' times, not reading them.
    private FolderContents Current()
    {
        lock (_reading)
        {
            try
            {
                var stamp = Stamp();
                if (stamp != _seen)
                    (_contents, _seen) = (FolderContents.Read(_folder), stamp);
                return _contents;
            }
            catch (Exception e) when (e is InvalidSchemaException or IOException or UnauthorizedAccessException)
            {
                throw new SchemaRegistryUnavailableException($"The folder of schemas cannot be read: {e.Message}", e);
            }
        }
    }

    private (int Files, DateTime Newest) Stamp()
    {
        if (!Directory.Exists(_folder))
            return default;
        // Not the drafts: one that takes its name would change neither count nor time.
        var times = Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".avsc" or ".json").Select(File.GetLastWriteTimeUtc).ToList();
        return (times.Count, times.DefaultIfEmpty().Max());
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]*\\z")]
    private static partial Regex SubjectName();
}
