namespace Orleans.Streams.Kafka;

/// <summary>
/// Something that was published to a stream was not acknowledged. It may be on the topic all the same: who publishes it again must give it an id that its readers know it by.
/// Unlike Confluent.Kafka's own exception it passes between silos and clients.
/// </summary>
[GenerateSerializer, Alias("orleans.streams.kafka.publish-exception")]
public sealed class KafkaPublishException : Exception
{
    /// <summary>Creates it.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="code">librdkafka's or the broker's error code, by name.</param>
    /// <param name="reason">Why, in the client's or the broker's words.</param>
    public KafkaPublishException(string topic, string code, string reason)
        : base($"Topic '{topic}' did not acknowledge what was published, though it may hold it: {reason} ({code})") => (Topic, Code) = (topic, code);

    /// <summary>The topic.</summary>
    [Id(0)]
    public string Topic { get; private set; }

    /// <summary>librdkafka's or the broker's error code, by name, as <c>Local_MsgTimedOut</c> or <c>TopicAuthorizationFailed</c>.</summary>
    [Id(1)]
    public string Code { get; private set; }
}
