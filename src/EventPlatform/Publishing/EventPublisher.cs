using System.Text;
using Confluent.Kafka;
using EventPlatform.Hosting;
using EventPlatform.Topics;
using EventStore.Projections;
using Microsoft.Extensions.Logging;
using SchemaRegistry;
using StreamJobs.Running;
using StreamJobs.Sinks;

namespace EventPlatform.Publishing;

/// <summary>
/// Publishes committed events. A page of them is one Kafka transaction that also says how far it goes, so a page that comes again after a crash is known to
/// have been sent, and a zombie that still holds a page is fenced by the one that took over.
/// </summary>
internal sealed partial class EventPublisher<TEvent> : IEventSubscriber, IDisposable
    where TEvent : class
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly string _topic;
    private readonly Func<TEvent, DateTimeOffset> _time;
    private readonly IJobRecordEncoder _encoder;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Lazy<TopicSender> _sender;
    private long? _sent; // null: not known

    public EventPublisher(
        string topic, Func<TEvent, DateTimeOffset> time, KafkaSettings kafka, PlatformTopics topics, IJobRecordEncoder encoder, TimeProvider clock,
        ILogger<EventPublisher<TEvent>> logger)
    {
        (_topic, _time, _encoder, _clock, _logger) = (topic, time, encoder, clock, logger);
        _sender = new(() => new(Name, new TopicConnection(kafka.BootstrapServers, kafka.Client, topics.BrokerNameOf, $"{kafka.ConsumerGroup}.events"), logger));
    }

    public string Name => $"publish-{_topic}";

    public IReadOnlyCollection<Type> Events => [typeof(TEvent)];

    public async ValueTask HandleAsync(IReadOnlyList<SubscribedEvent> events, CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                await _encoder.PrepareAsync(_topic, typeof(DomainEvent), cancellationToken);
                await SendAsync(events, cancellationToken);
                return;
            }
            catch (Exception e) when (e is SchemaRegistryUnavailableException
                or KafkaException { Error.Code: not (Confluent.Kafka.ErrorCode.MsgSizeTooLarge or Confluent.Kafka.ErrorCode.InvalidMsg) })
            {
                // The absence of Kafka or the registry is no event's fault: the events wait.
                if (failures == 0)
                    LogFailed(e, _topic);
                await Task.Delay(LongestPause, _clock, cancellationToken);
            }
        }
    }

    public void Dispose()
    {
        if (_sender.IsValueCreated)
            _sender.Value.Dispose();
    }

    private async Task SendAsync(IReadOnlyList<SubscribedEvent> events, CancellationToken cancellationToken)
    {
        var sent = _sent ?? await _sender.Value.LastSentAsync(_topic) ?? 0;
        cancellationToken.ThrowIfCancellationRequested();
        _sent = null;
        var last = events[^1].Stored.Sequence;
        if (events[0].Stored.Sequence <= sent)
            LogPassed(_topic, events[0].Stored.Sequence, Math.Min(last, sent));
        if (last > sent)
            await _sender.Value.SendAsync(last, [_topic], events.Where(e => e.Stored.Sequence > sent).Select(Record));
        _sent = Math.Max(sent, last);
    }

    private OutgoingRecord Record(SubscribedEvent e)
    {
        var entity = e.Stored.StreamKey[(e.Stored.StreamKey.IndexOf('/', StringComparison.Ordinal) + 1)..];
        var record = new DomainEvent
        {
            EventId = e.Stored.Id.ToString(),
            Entity = entity,
            Version = e.Stored.Version,
            Type = e.Stored.TypeName,
            Timestamp = _time((TEvent)e.Event),
            Data = e.Stored.Data,
        };
        return new(_topic, Encoding.UTF8.GetBytes(entity), _encoder.Encode(_topic, typeof(DomainEvent), record));
    }

    [LoggerMessage(5211, LogLevel.Information, "Events {First} to {Last} were published to {Topic} before, and are not again")]
    private partial void LogPassed(string topic, long first, long last);

    [LoggerMessage(5210, LogLevel.Warning, "Events cannot be published to {Topic} now; it is tried again until they are (said once)")]
    private partial void LogFailed(Exception exception, string topic);
}
