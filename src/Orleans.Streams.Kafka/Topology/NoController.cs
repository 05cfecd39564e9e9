namespace Orleans.Streams.Kafka.Topology;

/// <summary>
/// What to do where no controller answers. librdkafka only says that it waited for one, which is what whoever tries the provider on its emulator sees first.
/// </summary>
internal static class NoController
{
    // librdkafka's words, rd_kafka_admin_state_desc.
    private const string Words = "waiting for controller";

    /// <summary>Adds what to do to a reason why topics could not be described.</summary>
    public static string OfDescription(string reason) => Add(reason,
        "set the option Incarnation to any text, a new one whenever the topics are created anew, and the topics are looked up without a controller");

    /// <summary>Adds what to do to a reason why topics could not be created.</summary>
    public static string OfCreation(string reason) => Add(reason, "create the topics there with the functions of the program that runs it");

    private static string Add(string reason, string advice) => reason.Contains(Words, StringComparison.OrdinalIgnoreCase)
        ? $"{reason}. The brokers name no controller: they are starting, or this is librdkafka's emulator, which has none and answers no admin requests. On the emulator, {advice}"
        : reason;
}
