namespace AppHost.Kafka;

/// <summary>A broker that we run.</summary>
public interface IKafkaBroker : IAsyncDisposable
{
    /// <summary>What kind it is, for messages.</summary>
    string Kind { get; }

    /// <summary>Where it listens.</summary>
    string BootstrapServers { get; }

    /// <summary>What stands for its topics' ids when it has none: they live as long as this start. Null when topics have ids of their own.</summary>
    string? Incarnation { get; }

    /// <summary>Creates a topic, or does nothing when it is there.</summary>
    Task CreateTopicAsync(string name, int partitions, CancellationToken cancellationToken = default);

    /// <summary>Gives a topic more partitions.</summary>
    /// <exception cref="NotSupportedException">This broker cannot.</exception>
    Task GrowTopicAsync(string name, int partitions, CancellationToken cancellationToken = default);
}
