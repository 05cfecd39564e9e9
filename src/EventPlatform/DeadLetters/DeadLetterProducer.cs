using System.Globalization;
using System.Text;
using Confluent.Kafka;
using EventPlatform.Hosting;
using EventStore.DeadLetters;
using Microsoft.Extensions.Options;
using Orleans.Streams.Kafka;

namespace EventPlatform.DeadLetters;

/// <summary>Writes a dead letter as a Kafka record: key and value as they were, what is known of it in headers. A key that is not text is in the reason alone, whole only in the table.</summary>
internal sealed class DeadLetterProducer : IDisposable
{
    /// <summary>How long one record is tried.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private const int MaxText = 1000;

    private readonly SharedKafkaClient<IProducer<byte[]?, byte[]?>> _producer;

    public DeadLetterProducer(IOptionsMonitor<KafkaStreamsOptions> options) => _producer = new(() => Open(options.Get(PlatformHosting.StreamProvider)));

    /// <summary>Returns when the record is acknowledged: null, or why it is not.</summary>
    public async Task<Error?> PublishAsync(string topic, StoredDeadLetter dead)
    {
        var letter = dead.Letter;
        var message = new Message<byte[]?, byte[]?>
        {
            Key = letter.Key is null ? null : Encoding.UTF8.GetBytes(letter.Key),
            Value = letter.Payload,
            Headers = Headers(dead), // the time is that of publishing: retention goes by it
        };
        var error = await TryAsync(topic, message);
        if (error?.Code is not Confluent.Kafka.ErrorCode.MsgSizeTooLarge)
            return error;
        // The topic takes no record of this size; the table has it whole.
        Add(message.Headers, "omitted", $"key and value, {message.Key?.Length ?? 0} and {message.Value?.Length ?? 0} bytes: too large for this topic");
        return await TryAsync(topic, new Message<byte[]?, byte[]?> { Headers = message.Headers });
    }

    public void Dispose() => _producer.Dispose();

    private async Task<Error?> TryAsync(string topic, Message<byte[]?, byte[]?> message)
    {
        try
        {
            await _producer.CallAsync(producer => producer.ProduceAsync(topic, message));
            return null;
        }
        catch (ProduceException<byte[]?, byte[]?> e)
        {
            return e.Error;
        }
    }

    private static Headers Headers(StoredDeadLetter dead)
    {
        var (letter, record) = (dead.Letter, dead.Letter.Record);
        var headers = new Headers();
        Add(headers, "id", Text(dead.Id));
        Add(headers, "topic", record.Topic);
        Add(headers, "incarnation", record.Incarnation);
        Add(headers, "partition", Text(record.Partition));
        Add(headers, "offset", Text(record.Offset));
        Add(headers, "timestamp", letter.Timestamp.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture));
        Add(headers, "consumer", letter.Consumer);
        Add(headers, "kind", KindName(letter.Kind));
        Add(headers, "reason", letter.Reason);
        if (letter.SchemaId is { } schema)
            Add(headers, "schema-id", Text(schema));
        if (letter.EventId is { } eventId)
            Add(headers, "event-id", eventId);
        return headers;
    }

    // As in the API's JSON.
    private static string KindName(DeadLetterKind kind) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(kind.ToString());

    private static void Add(Headers headers, string name, string value) =>
        headers.Add($"deadletter.{name}", Encoding.UTF8.GetBytes(value.Length <= MaxText ? value : value[..MaxText]));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private IProducer<byte[]?, byte[]?> Open(KafkaStreamsOptions options)
    {
        var settings = options.Client.Concat(options.Producer).GroupBy(s => s.Key).ToDictionary(g => g.Key, g => g.Last().Value);
        KafkaReconnect.AddTo(settings);
        return new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig(settings)
        {
            BootstrapServers = options.BootstrapServers,
            Acks = Acks.All,
            EnableIdempotence = true,
            Partitioner = Partitioner.Murmur2Random,
            MessageTimeoutMs = (int)Patience.TotalMilliseconds,
        }).SetLogHandler((_, _) => { }) // every failure comes back as a record's error
            .SetErrorHandler((producer, error) =>
            {
                if (error.IsFatal)
                    _producer.Replace(producer);
            })
            .Build();
    }
}
