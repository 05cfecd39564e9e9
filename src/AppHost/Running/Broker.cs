using System.Globalization;
using AppHost.Kafka;

namespace AppHost.Running;

/// <summary>The system's Kafka: the one that is named, else a private Apache Kafka, else the emulator.</summary>
/// <param name="BootstrapServers">Its address.</param>
/// <param name="Own">The broker that we run, or null.</param>
/// <param name="Description">For the user.</param>
public sealed record Broker(string BootstrapServers, IKafkaBroker? Own, string Description)
{
    private const int Partitions = 4;

    /// <summary>Finds or starts it. A broker of our own gets the sample's topics.</summary>
    /// <exception cref="InvalidOperationException">It cannot be started; the message says what to do.</exception>
    public static async Task<Broker> OpenAsync(UpOptions options, CancellationToken cancellationToken)
    {
        var choice = Choice(options);
        if (choice is not ("emulator" or "apache"))
        {
            return WrongAddress(choice) is not { } wrong ? new Broker(choice, null, $"on {choice}")
                : throw new InvalidOperationException($"Kafka:BootstrapServers is host:port, several separated by commas, unlike '{wrong}'.");
        }

        var home = choice is "apache" ? Home() : null;
        var port = KeptPorts.Take(options.Data, "kafka");
        IKafkaBroker own = home is null ? EmulatedKafka.Start(port) : await PrivateKafka.StartAsync(home, Path.Combine(options.Data, "kafka"), port, cancellationToken: cancellationToken);
        try
        {
            await ShopTopics.CreateAsync(own, Partitions, cancellationToken);
        }
        catch
        {
            await own.DisposeAsync(); // nobody else has it yet
            throw;
        }

        var kept = own.Incarnation is null ? "its topics are kept" : "in memory: its topics are new and empty at each start; what was stored is kept";
        return new Broker(own.BootstrapServers, own, $"{own.Kind} on {own.BootstrapServers}, {kept}");
    }

    /// <summary><c>emulator</c>, <c>apache</c>, or an address.</summary>
    public static string Choice(UpOptions options) => options.Kafka ?? options.Settings["Kafka:BootstrapServers"] ?? (PrivateKafka.Home() is null ? "emulator" : "apache");

    /// <summary>The first of a list of addresses that has not the form <c>host:port</c>, or null. Nothing would ever answer there.</summary>
    public static string? WrongAddress(string addresses) => addresses.Split(',').FirstOrDefault(address =>
        address.Trim().LastIndexOf(':') is not (> 0 and var colon) || !ushort.TryParse(address.Trim()[(colon + 1)..], CultureInfo.InvariantCulture, out var port) || port == 0);

    /// <summary>An address' host and port.</summary>
    public static (string Host, int Port) Split(string address)
    {
        var colon = address.LastIndexOf(':');
        return (address[..colon].Split("//")[^1].Trim('[', ']'), int.Parse(address[(colon + 1)..], CultureInfo.InvariantCulture));
    }

    private static string Home() => PrivateKafka.Home() ?? throw new InvalidOperationException(
        "Apache Kafka needs KAFKA_HOME to name an Apache Kafka 4 distribution, and Java 17 or later. Without them: --kafka emulator.");
}
