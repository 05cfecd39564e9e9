using Orleans.Streams.Kafka.Cache;

namespace Orleans.Streams.Kafka.Tests.Cache;

/// <summary>
/// Orleans' pulling agent, as PersistentStreamPullingAgent of 10.4.2 behaves with implicit subscriptions, one asynchronous step at a time:
/// whatever awaits there is a state here that a test completes in the order, and with the outcome, that it likes.
/// </summary>
internal sealed class AgentModel(PartitionCache<TestItem> cache, Func<TimeSpan> now, Func<string[]> subscribers, Action<string, TestItem[]> onDelivered)
{
    private static readonly TimeSpan Inactivity = TimeSpan.FromMinutes(1);
    private readonly Dictionary<StreamId, Registered> _pubSubCache = [];
    private TimeSpan _lastCleanup;

    public bool IsShutdown { get; private set; }

    public List<Consumer> Consumers => [.. _pubSubCache.Values.SelectMany(s => s.Consumers)];

    public List<Registered> Registering => [.. _pubSubCache.Values.Where(s => s.IsRegistering)];

    /// <summary>ReadFromQueue: refuses while a stream registers, forgets idle streams, reads, starts or wakes what has news.</summary>
    public void Read(Func<IList<IBatchContainer>> getQueueMessages)
    {
        if (IsShutdown || _pubSubCache.Values.Any(s => s.IsRegistering))
        {
            return;
        }

        if (now() - _lastCleanup >= Inactivity / 10)
        {
            _lastCleanup = now();
            foreach (var stream in _pubSubCache.Values.Where(s => now() - s.LastActivity >= Inactivity && s.Consumers.All(c => !c.IsActive)).ToList())
            {
                _pubSubCache.Remove(stream.Id);
                stream.DisposeAll();
            }
        }

        cache.TryPurgeFromCache(out _);
        var messages = getQueueMessages();
        cache.AddToCache(messages);
        foreach (var group in messages.GroupBy(m => m.StreamId))
        {
            if (_pubSubCache.TryGetValue(group.Key, out var known))
            {
                known.LastActivity = now();
                foreach (var consumer in known.Consumers.Where(c => c.Cursor is not null))
                {
                    consumer.Cursor!.Refresh(group.First().SequenceToken);
                    Run(consumer);
                }
            }
            else
            {
                var pin = cache.GetCacheCursor(group.Key, group.First().SequenceToken);
                _pubSubCache.Add(group.Key, new(group.Key, pin) { LastActivity = now(), FirstToken = group.First().SequenceToken });
            }
        }
    }

    /// <summary>One step of RegisterStream: the subscribers are looked up, then each one's handshake ends, then the pin is let go.</summary>
    public void StepRegistration(Registered stream, bool fails = false)
    {
        if (fails || IsShutdown)
        {
            _pubSubCache.Remove(stream.Id);
            stream.DisposeAll();
            stream.Pin!.Dispose();
            stream.Pin = null;
        }
        else if (stream.Pending is null)
        {
            stream.Pending = new(subscribers());
        }
        else if (stream.Pending.TryDequeue(out var subscriber))
        {
            var consumer = new Consumer(subscriber, stream) { Cursor = cache.GetCacheCursor(stream.Id, stream.FirstToken) };
            stream.Consumers.Add(consumer);
            Run(consumer);
        }
        else
        {
            stream.Pin!.Dispose();
            stream.Pin = null;
        }
    }

    /// <summary>DeliverBatch returned null: the agent moves on.</summary>
    public void Succeed(Consumer consumer)
    {
        onDelivered(consumer.Subscriber, consumer.TakeDelivery());
        MoveOn(consumer);
    }

    /// <summary>DeliverBatch kept failing for MaxEventDeliveryTime; the grain may have handled the batch all the same (a time-out with late success).</summary>
    public void Fail(Consumer consumer, bool lateSuccess)
    {
        var items = consumer.TakeDelivery();
        if (lateSuccess)
        {
            onDelivered(consumer.Subscriber, items);
        }

        consumer.Cursor?.RecordDeliveryFailure();
        consumer.InErrorProtocol = true;
    }

    /// <summary>The consumer was told of the error and the failure handler has run: the agent moves on.</summary>
    public void EndErrorProtocol(Consumer consumer)
    {
        consumer.InErrorProtocol = false;
        MoveOn(consumer);
    }

    /// <summary>The consumer asked for another start (it subscribed with a start position): the batch wasn't looked at; a new cursor takes over.</summary>
    public void AskForAnotherCursor(Consumer consumer)
    {
        var items = consumer.TakeDelivery();
        var cursor = cache.GetCacheCursor(consumer.Stream.Id, new Orleans.Providers.Streams.Common.EventSequenceTokenV2(items[0].Offset));
        consumer.Cursor!.Dispose();
        consumer.Cursor = cursor;
        MoveOn(consumer);
    }

    /// <summary>Shutdown waits for what is on its way, then lets every cursor go.</summary>
    public void BeginShutdown() => IsShutdown = true;

    public void EndShutdown()
    {
        foreach (var stream in _pubSubCache.Values)
        {
            stream.DisposeAll();
            stream.Pin?.Dispose();
        }

        _pubSubCache.Clear();
    }

    private void Run(Consumer consumer)
    {
        if (!consumer.IsActive && !IsShutdown)
        {
            consumer.IsActive = true;
            MoveOn(consumer);
        }
    }

    private void MoveOn(Consumer consumer)
    {
        if (!IsShutdown && consumer.Cursor is { } cursor && cursor.MoveNextWithResult().Kind == QueueCacheCursorMoveResultKind.Success)
        {
            consumer.Delivery = ((KafkaBatch<TestItem>)cursor.GetCurrent(out _)!).Items.ToArray();
            return;
        }

        consumer.IsActive = false;
    }

    internal sealed class Registered(StreamId id, IQueueCacheCursor pin)
    {
        public StreamId Id => id;

        public IQueueCacheCursor? Pin { get; set; } = pin;

        public StreamSequenceToken? FirstToken { get; init; }

        public bool IsRegistering => Pin is not null;

        public Queue<string>? Pending { get; set; }

        public List<Consumer> Consumers { get; } = [];

        public TimeSpan LastActivity { get; set; }

        public void DisposeAll()
        {
            foreach (var consumer in Consumers)
            {
                consumer.Cursor?.Dispose();
                consumer.Cursor = null;
            }

            Consumers.Clear();
        }
    }

    internal sealed class Consumer(string subscriber, Registered stream)
    {
        public string Subscriber => subscriber;

        public Registered Stream => stream;

        public IQueueCacheCursor? Cursor { get; set; }

        public bool IsActive { get; set; }

        public TestItem[]? Delivery { get; set; }

        public bool InErrorProtocol { get; set; }

        public TestItem[] TakeDelivery()
        {
            var items = Delivery!;
            Delivery = null;
            return items;
        }
    }
}
