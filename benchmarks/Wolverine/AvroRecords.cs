using Confluent.Kafka;
using Contracts.Records;
using SchemaRegistry;
using SchemaRegistry.Registries;
using Wolverine;
using Wolverine.Kafka;
using Wolverine.Runtime.Serialization;
using Wolverine.Util;

namespace WolverinePeer;

/// <summary>
/// Kafka, Serialization and headers: a mapper that carries only what is needed costs least. The record's id is the message's, so that the inbox knows a producer's
/// duplicate.
/// </summary>
internal sealed class AvroRecords : IKafkaEnvelopeMapper
{
    /// <summary>Reads what an earlier process left in the inbox.</summary>
    public static readonly IMessageSerializer Serializer = new AvroSerializer();
    private static readonly string MessageType = typeof(UserRecord).ToMessageTypeName();

    public void MapIncomingToEnvelope(Envelope envelope, Message<string, byte[]> incoming)
    {
        var record = AvroSerializer.Read(incoming.Value);
        (envelope.Id, envelope.MessageType, envelope.Message) = (Guid.Parse(record.EventId), MessageType, record);
        (envelope.Data, envelope.Serializer, envelope.ContentType) = (incoming.Value, Serializer, Serializer.ContentType);
    }

    public void MapEnvelopeToOutgoing(Envelope envelope, Message<string, byte[]> outgoing) => throw new NotSupportedException("Nothing is sent.");

    private sealed class AvroSerializer : IMessageSerializer
    {
        private static readonly AvroRecordDecoder<UserRecord> Decoder =
            new(new FolderSchemaRegistry(Path.Combine(AppContext.BaseDirectory, "schemas")));

        public string ContentType => "application/avro";

        // The schema is in a folder: only the first record is waited for.
        public static UserRecord Read(byte[] data) => Decoder.DecodeAsync(data, CancellationToken.None).AsTask().GetAwaiter().GetResult();

        public object ReadFromData(Type messageType, Envelope envelope) => Read(envelope.Data!);

        public object ReadFromData(byte[] data) => Read(data);

        public byte[] Write(Envelope envelope) => throw new NotSupportedException("Nothing is sent.");

        public byte[] WriteMessage(object message) => throw new NotSupportedException("Nothing is sent.");
    }
}
