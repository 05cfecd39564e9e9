namespace EventPlatform.Topics;

/// <summary>A topic that the application reads, and what intake needs to know of its records.</summary>
/// <param name="Name">The logical name, which is the Orleans stream namespace; the provider's options map it to a topic of the environment.</param>
/// <param name="RecordType">The type its records decode to.</param>
public abstract record TopicDefinition(string Name, Type RecordType)
{
    /// <summary>A record's key, from its decoded content.</summary>
    internal abstract string KeyOf(object record);

    /// <summary>A record's own id.</summary>
    internal abstract string EventIdOf(object record);

    /// <summary>When the record says that it happened.</summary>
    internal abstract DateTimeOffset TimeOf(object record);
}

/// <inheritdoc/>
/// <typeparam name="TRecord">The type its records decode to.</typeparam>
/// <param name="Name">The logical name.</param>
/// <param name="Key">Must equal the Kafka key: order is kept per Kafka key, so a record under another key would break it.</param>
/// <param name="EventId">The producer's id of the record: the same id has one effect.</param>
/// <param name="Time">When it happened.</param>
public sealed record TopicDefinition<TRecord>(
    string Name, Func<TRecord, string> Key, Func<TRecord, string> EventId, Func<TRecord, DateTimeOffset> Time)
    : TopicDefinition(Name, typeof(TRecord))
    where TRecord : class
{
    internal override string KeyOf(object record) => Key((TRecord)record);

    internal override string EventIdOf(object record) => EventId((TRecord)record);

    internal override DateTimeOffset TimeOf(object record) => Time((TRecord)record);
}
