using System.Text.Json;
using AppHost.Processes;

namespace AppHost.Running;

/// <summary>
/// The ports of Postgres and Kafka, kept in the data folder's <c>ports.json</c> from one start to the next: who has written an address into settings of their own
/// finds the system there again.
/// </summary>
public static class KeptPorts
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };
    private static readonly Lock Writing = new();

    /// <summary>The port that a part had last time, or a free one where it had none or another program has taken it; kept for the next time.</summary>
    /// <param name="dataFolder">The data folder.</param>
    /// <param name="part">What listens there.</param>
    /// <exception cref="InvalidOperationException">The file cannot be read; the message names it.</exception>
    public static int Take(string dataFolder, string part)
    {
        // Parts start beside each other, and each writes the whole file.
        lock (Writing)
        {
            var file = Path.Combine(dataFolder, "ports.json");
            var ports = Read(file);
            var port = FreePort.Again(ports.GetValueOrDefault(part));
            if (ports.GetValueOrDefault(part) != port)
            {
                ports[part] = port;
                Directory.CreateDirectory(dataFolder);
                File.WriteAllText(file + ".new", JsonSerializer.Serialize(ports, Json));
                File.Move(file + ".new", file, overwrite: true);
            }

            return port;
        }
    }

    private static SortedDictionary<string, int> Read(string file)
    {
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize<SortedDictionary<string, int>>(File.ReadAllText(file)) ?? [] : [];
        }
        catch (JsonException e)
        {
            throw new InvalidOperationException($"{file} cannot be read: {e.Message} It holds a port by part, such as {{\"postgres\": 40909}}. Mend it, or delete it: free ports are taken then.", e);
        }
    }
}
