using AppHost.Kafka;

namespace Testing.Kafka;

/// <summary>The brokers that tests run on.</summary>
public enum BrokerKind
{
    /// <summary>The emulator inside librdkafka: always there.</summary>
    Emulator,

    /// <summary>Apache Kafka, where KAFKA_HOME names a distribution and Java is installed.</summary>
    ApacheKafka,
}

internal static class BrokerKinds
{
    /// <summary>The trait by which the runner's reports count tests per broker.</summary>
    public const string Trait = "Broker";

    public static string Label(this BrokerKind kind) => kind is BrokerKind.Emulator ? "emulator" : "Apache Kafka";

    public static string? WhyMissing(this BrokerKind kind) => kind is BrokerKind.Emulator || PrivateKafka.Home() is not null
        ? null
        : "KAFKA_HOME does not name an Apache Kafka 4 distribution, or Java 17+ is missing.";
}
