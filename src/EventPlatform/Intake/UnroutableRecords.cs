using EventStore;
using EventStore.DeadLetters;
using Orleans.Streams.Kafka;
using SchemaRegistry;

namespace EventPlatform.Intake;

/// <summary>Records that reach no grain, because a grain is found by the record's key, go to the dead letters at once.</summary>
internal sealed class UnroutableRecords(IDeadLetterStore deadLetters) : IKafkaUnroutableHandler
{
    /// <summary>Who such a dead letter belongs to: no aggregate.</summary>
    public const string Consumer = "intake";

    public ValueTask HandleAsync(KafkaRecord record, KafkaUnroutableReason reason, CancellationToken cancellationToken) =>
        deadLetters.AddAsync(
            new DeadLetter(
                new RecordCoordinates(record.Topic, record.Incarnation, record.Partition, record.Offset), Consumer, record.Key,
                WireFormat.TryReadSchemaId(record.Value), Explain(record, reason), DeadLetterKind.Invalid, null, record.Value, null,
                KafkaTime.Of(record.TimestampMs)),
            cancellationToken);

    private static string Explain(KafkaRecord record, KafkaUnroutableReason reason) => reason switch
    {
        KafkaUnroutableReason.NoKey => "The record has no key, so it belongs to no aggregate.",
        KafkaUnroutableReason.KeyNotText =>
            // A dead letter's key is text, so this is where the bytes are kept, all of them.
            $"The record's key is not UTF-8 text, so it belongs to no aggregate. In base64 it is: {Convert.ToBase64String(record.BinaryKey ?? [])}",
        KafkaUnroutableReason.KeyTooLong => $"The record's key is longer than {KafkaRecord.MaxKeyCharacters} characters.",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, null),
    };
}
