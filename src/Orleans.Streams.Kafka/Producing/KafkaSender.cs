using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Orleans.Streams.Kafka.Hosting;
using Orleans.Streams.Kafka.Status;

namespace Orleans.Streams.Kafka.Producing;

/// <summary>Publishes what grains and clients give to their streams. One idempotent producer per provider, made when it is first needed.</summary>
internal sealed class KafkaSender : IDisposable
{
    private const string TraceParent = "traceparent";
    private readonly string _provider;
    private readonly KafkaProviderOptions _options;
    private readonly IKafkaItemSerializer? _serializer;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SharedKafkaClient<IProducer<byte[]?, byte[]?>> _producer;

    public KafkaSender(string provider, KafkaProviderOptions options, IKafkaItemSerializer? serializer, TimeProvider time, ILogger logger)
    {
        (_provider, _options, _serializer, _time, _logger) = (provider, options, serializer, time, logger);
        _producer = new(Open, producer => producer.Flush(TimeSpan.FromSeconds(10)));
    }

    /// <summary>Ends when the brokers have acknowledged every item.</summary>
    /// <exception cref="KafkaPublishException">An item was not acknowledged in time; it may be on the topic all the same.</exception>
    public async Task SendAsync<T>(StreamId streamId, IEnumerable<T> items)
    {
        var stream = streamId.GetNamespace() ?? "";
        if (!_options.Streams.TryGetValue(stream, out var topic))
        {
            throw new ArgumentException(
                $"Kafka streams '{_provider}' have no stream '{stream}'; there are: {string.Join(", ", _options.Streams.Keys)}. Add it with AddStream.", nameof(streamId));
        }

        var acknowledgements = new List<Task>();
        try
        {
            foreach (var item in items)
            {
                var message = Message(stream, item);
                var target = new TopicPartition(topic.Topic, message.Partition is { } partition ? new Partition(partition) : Partition.Any);
                acknowledgements.Add(await EnqueueAsync(target, ToKafka(streamId, message)));
            }

            await Task.WhenAll(acknowledgements);
        }
        catch (ProduceException<byte[]?, byte[]?> e)
        {
            throw new KafkaPublishException(topic.Topic, e.Error.Code.ToString(), e.Error.Reason);
        }

        KafkaMetrics.Published.Add(acknowledgements.Count, new KeyValuePair<string, object?>("provider", _provider), new("topic", topic.Topic));
    }

    public void Dispose() => _producer.Dispose();

    private IProducer<byte[]?, byte[]?> Open() => new ProducerBuilder<byte[]?, byte[]?>(ClientSettings.Producer(_options))
        .SetErrorHandler(OnError)
        .SetLogHandler((_, line) => KafkaLog.Librdkafka(_logger, line.Name, line.Message))
        .Build();

    private void OnError(IProducer<byte[]?, byte[]?> producer, Error error)
    {
        if (error.IsFatal)
        {
            KafkaLog.ProducerFatal(_logger, _provider, error.Reason);
            _producer.Replace(producer, Drain);
        }
        else
        {
            KafkaLog.ProducerTrouble(_logger, _provider, error.Reason);
        }
    }

    /// <summary>Whoever publishes waits for an outcome, which each record has at the latest when its time is up.</summary>
    private static void Drain(IProducer<byte[]?, byte[]?> producer)
    {
        while (producer.Flush(TimeSpan.FromSeconds(10)) > 0)
        {
        }
    }

    /// <summary>Waits while librdkafka's queue is full: that is Kafka's backpressure.</summary>
    private async Task<Task> EnqueueAsync(TopicPartition target, Message<byte[]?, byte[]?> message)
    {
        while (true)
        {
            var acknowledgement = _producer.Call(producer => producer.ProduceAsync(target, message));
            if (acknowledgement is { IsFaulted: true, Exception.InnerException: ProduceException<byte[]?, byte[]?> { Error.Code: Confluent.Kafka.ErrorCode.Local_QueueFull } })
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), _time);
                continue;
            }

            return acknowledgement;
        }
    }

    private KafkaMessage Message<T>(string stream, T item) => item switch
    {
        KafkaMessage message => message,
        byte[] value => new() { Value = value },
        KafkaRecord record => new() { Value = record.Value, Key = record.Key, Headers = record.Headers, TimestampMs = record.TimestampMs < 0 ? null : record.TimestampMs },
        null => throw new ArgumentNullException(nameof(item), "A null isn't a message; publish a KafkaMessage without a value for a tombstone."),
        _ when _serializer is not null => _serializer.Serialize(stream, item),
        _ => throw new ArgumentException(
            $"Kafka streams '{_provider}' publish KafkaMessage, byte[] and KafkaRecord. For {item.GetType()} register an IKafkaItemSerializer.", nameof(item)),
    };

    private static Message<byte[]?, byte[]?> ToKafka(StreamId streamId, KafkaMessage message)
    {
        var headers = new Headers();
        var traced = false;
        foreach (var (name, value) in message.Headers)
        {
            traced |= name == TraceParent;
            headers.Add(name, value);
        }

        if (!traced && Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id })
        {
            headers.Add(TraceParent, Encoding.ASCII.GetBytes(id));
        }

        return new()
        {
            Key = message.Key is { } key ? Encoding.UTF8.GetBytes(key) : streamId.Key.ToArray(),
            Value = message.Value,
            Headers = headers,
            Timestamp = message.TimestampMs is { } timestamp ? new(timestamp, TimestampType.CreateTime) : Timestamp.Default,
        };
    }
}
