using System.Text.Json;

namespace Tools;

/// <summary>Where the running system listens, as it wrote to its data folder.</summary>
public sealed record Endpoints(string? Kafka, string? KafkaKind, string? Registry, string? SchemaRegistryUrl, string? Api, string? Postgres, string? Control)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Reads endpoints.json from a data folder, or from the nearest <c>.data</c> here or further up. Null when there is none, or one without addresses yet.</summary>
    public static Endpoints? Find(string? dataFolder) =>
        FileOf(dataFolder) is { } file && JsonSerializer.Deserialize<Endpoints>(File.ReadAllText(file), Json) is { Kafka: not "", Api: not "" } found ? found : null;

    /// <summary>What to say when there is none.</summary>
    /// <param name="dataFolder">The folder that was named, or null.</param>
    public static string Missing(string? dataFolder) => FileOf(dataFolder) is { } file ? $"{file} names no addresses yet, it is still starting"
        : dataFolder is null ? "no .data/endpoints.json lies here or further up"
        : $"{Path.Combine(dataFolder, "endpoints.json")} does not exist";

    /// <summary>The data folder of a system that was started there: the one that is named, else the nearest <c>.data</c>. Null when there is none.</summary>
    internal static string? FolderOf(string? dataFolder) => Path.GetDirectoryName(FileOf(dataFolder));

    private static string? FileOf(string? dataFolder) =>
        (dataFolder is not null ? [dataFolder] : Upwards(Directory.GetCurrentDirectory()).Select(folder => Path.Combine(folder, ".data")))
            .Select(folder => Path.Combine(folder, "endpoints.json")).FirstOrDefault(File.Exists);

    private static IEnumerable<string> Upwards(string? folder)
    {
        for (; folder is not null; folder = Path.GetDirectoryName(folder))
            yield return folder;
    }
}
