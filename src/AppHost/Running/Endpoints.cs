using System.Text.Json;
using AppHost.Processes;

namespace AppHost.Running;

/// <summary>Where the running system's parts are: the file <c>endpoints.json</c> in its data folder, there while it runs.</summary>
public sealed record Endpoints
{
    /// <summary>The kind of a broker that is not ours.</summary>
    public const string GivenKafka = "given";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    /// <summary>True once everything was ready; the first event has then been seen, if a load runs and it came within two minutes.</summary>
    public bool Ready { get; init; }

    /// <summary>The API and the page.</summary>
    public string Api { get; init; } = "";

    /// <summary>Orleans' dashboard.</summary>
    public string Dashboard { get; init; } = "";

    /// <summary>Kafka's bootstrap servers.</summary>
    public string Kafka { get; init; } = "";

    /// <summary>What kind of broker it is; <c>given</c> when it is not ours.</summary>
    public string KafkaKind { get; init; } = "";

    /// <summary>The emulator's start, which stands for its topics' ids; null for a broker whose topics have some.</summary>
    public string? KafkaIncarnation { get; init; }

    /// <summary>A schema registry in the Confluent form: the one configured, or the API's own over the schema folder.</summary>
    public string Registry { get; init; } = "";

    /// <summary>The schema registry configured, or null when the schema folder is the registry.</summary>
    public string? SchemaRegistryUrl { get; init; }

    /// <summary>Postgres, as a connection string.</summary>
    public string Postgres { get; init; } = "";

    /// <summary>The host's own address, for <c>status</c>, <c>up</c> and topics on the emulator.</summary>
    public string Control { get; init; } = "";

    public int ApphostPid { get; init; }

    public int? ApiPid { get; init; }

    public int? ProducerPid { get; init; }

    public IReadOnlyList<int> SiloPids { get; init; } = [];

    /// <summary>What it was started with.</summary>
    public StartedWith? StartedWith { get; init; }

    /// <summary>A user with events, to look at; null until one was seen.</summary>
    public string? SampleUser { get; init; }

    /// <summary>Where each silo answers for its health and metrics.</summary>
    public IReadOnlyList<string> Silos { get; init; } = [];

    /// <summary>Every process, the host first.</summary>
    public IReadOnlyList<RunningProcess> Processes { get; init; } = [];

    /// <summary>Reads the file, or null when there is none.</summary>
    /// <exception cref="InvalidOperationException">It is not what we wrote.</exception>
    public static Endpoints? Read(string dataFolder)
    {
        var file = FileIn(dataFolder);
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize<Endpoints>(File.ReadAllText(file), Json) : null;
        }
        catch (JsonException e)
        {
            throw new InvalidOperationException($"{file} cannot be read: {e.Message} Delete it; `down` and `up` then start afresh.", e);
        }
    }

    /// <summary>Writes the file in one step; only the user may read it, as a connection string may hold a password.</summary>
    public void Write(string dataFolder)
    {
        var (file, draft) = (FileIn(dataFolder), FileIn(dataFolder) + ".new");
        File.WriteAllText(draft, JsonSerializer.Serialize(this, Json));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(draft, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(draft, file, overwrite: true);
    }

    /// <summary>Removes the file: nothing runs any more.</summary>
    public static void Delete(string dataFolder)
    {
        if (Directory.Exists(dataFolder))
            File.Delete(FileIn(dataFolder));
    }

    /// <summary>The host, while it runs.</summary>
    public ProcessIdentity? Host() => Processes.FirstOrDefault() is { } host && host.Identity.IsAlive ? host.Identity : null;

    private static string FileIn(string dataFolder) => Path.Combine(dataFolder, "endpoints.json");
}

/// <summary>A process of the system.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Pid">Its id, or null while it does not run.</param>
/// <param name="Start">Its start, by which a stranger with the same id is told apart.</param>
/// <param name="Restarts">How often it was started again.</param>
/// <param name="Log">Its log file.</param>
public sealed record RunningProcess(string Name, int? Pid, string? Start, int Restarts, string Log)
{
    internal ProcessIdentity Identity => new(Pid ?? 0, Start ?? "");
}
