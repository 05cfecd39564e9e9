using System.IO.Compression;
using System.Text.Json;

namespace Chaos.Checking;

/// <summary>A run as the checker sees it, kept so that it can be judged again.</summary>
public sealed record Recording(History History, StoreContents Store)
{
    /// <summary>Judges it.</summary>
    public IReadOnlyList<Violation> Check() => Checker.Check(History, Store);

    public void Save(string file)
    {
        using var stream = new GZipStream(File.Create(file), CompressionLevel.SmallestSize);
        JsonSerializer.Serialize(stream, this);
    }

    public static Recording Load(string file)
    {
        using var stream = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
        return JsonSerializer.Deserialize<Recording>(stream) ?? throw new InvalidDataException($"{file} is empty.");
    }
}
