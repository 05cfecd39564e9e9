using Microsoft.Extensions.Time.Testing;
using Orleans.Streams.Kafka.Cache;

namespace Orleans.Streams.Kafka.Tests.Cache;

/// <summary>A partition's log, the cache and agent that read it, and the grains' memory of what reached them: the oracle of the properties.</summary>
internal sealed class CacheWorld : ICacheObserver
{
    public static readonly CacheLimits Limits = new()
    {
        Items = 40,
        Bytes = 1000,
        Span = 120,
        Deliveries = 3,
        Registrations = 2,
        BatchItems = 7,
        BatchBytes = 1000,
        RedeliveryMin = TimeSpan.FromMilliseconds(100),
        RedeliveryMax = TimeSpan.FromSeconds(5),
        AgentForgets = TimeSpan.FromSeconds(70),
    };

    private readonly FakeTimeProvider _time = new();
    private readonly DateTimeOffset _began;
    private readonly List<TestItem> _log;
    private readonly Dictionary<(string Subscriber, long Offset), int> _deliveries;
    private readonly Dictionary<(string Subscriber, string Key), int> _next;
    private readonly string[] _subscribers;
    private int _read;

    public CacheWorld(string[] subscribers)
        : this(subscribers, [], [], [], 0)
    {
    }

    private CacheWorld(
        string[] subscribers, List<TestItem> log, Dictionary<(string, long), int> deliveries, Dictionary<(string, string), int> next, long start)
    {
        (_subscribers, _log, _deliveries, _next) = (subscribers, log, deliveries, next);
        _began = _time.GetUtcNow();
        Cache = new(Limits, _time, () => _subscribers.Length > 0, this, start);
        Agent = new(Cache, () => _time.GetUtcNow() - _began, () => _subscribers, Delivered);
        _read = _log.FindIndex(i => i.Offset >= start) is var at and >= 0 ? at : _log.Count;
    }

    public PartitionCache<TestItem> Cache { get; }

    public AgentModel Agent { get; }

    public int UnsubscribedItems { get; private set; }

    public long End => _log.Count == 0 ? 0 : _log[^1].NextOffset;

    /// <summary>Another owner of the partition, which starts where a checkpoint stands and shares the log and the grains with this one.</summary>
    public CacheWorld Successor(long checkpoint) => new(_subscribers, _log, _deliveries, _next, checkpoint);

    /// <summary>The receiver starts again at the checkpoint, under the feet of an agent that has deliveries on their way.</summary>
    public void RestartInPlace()
    {
        var checkpoint = Cache.Watermark;
        Cache.Restart(checkpoint, Cache.Generation + 1);
        _read = _log.FindIndex(i => i.Offset >= checkpoint) is var at and >= 0 ? at : _log.Count;
    }

    public void Produce(string key, int gap) => _log.Add(new(key, End + gap));

    public void Advance(TimeSpan time) => _time.Advance(time);

    public void Read(int atMost) => Agent.Read(() =>
    {
        for (var n = 0; n < atMost && _read < _log.Count && Cache.HasRoom; n++)
        {
            var item = _log[_read++];
            Cache.Add(StreamId.Create("s", item.Key), item);
        }

        return Cache.TakeNotices();
    });

    /// <summary>P1: nothing at or above the watermark is forgotten, nothing below it is undelivered.</summary>
    public void AssertSafe()
    {
        foreach (var item in _log.TakeWhile(i => i.Offset < Cache.Watermark))
        {
            foreach (var subscriber in _subscribers)
            {
                Assert.True(_deliveries.ContainsKey((subscriber, item.Offset)), $"{item} is below the watermark {Cache.Watermark}, undelivered to {subscriber}");
            }
        }

        Assert.True(Cache.Items <= Limits.Items, "more items than the limit");
        Assert.True(Cache.Span <= Limits.Span, "a wider span than the limit");
        Assert.True(!Cache.IsIdle || (Cache.Items == 0 && Cache.Watermark == Cache.Position), "the agent would sleep although something is unacknowledged");
        // After a restart the grains may still hold deliveries of before it, which count no more.
        Assert.InRange(Cache.Deliveries, 0, Limits.Deliveries);
        Assert.True(Agent.Registering.Count <= Limits.Registrations, "more registrations at once than the limit");
    }

    /// <summary>Lets everything succeed from now on: all must arrive, the watermark must reach the end, the memory must empty.</summary>
    public void AssertNothingStuck()
    {
        for (var round = 0; round < 3000 && Cache.Watermark < End; round++)
        {
            Read(50);
            foreach (var stream in Agent.Registering)
            {
                Agent.StepRegistration(stream);
            }

            foreach (var consumer in Agent.Consumers)
            {
                if (consumer.InErrorProtocol)
                {
                    Agent.EndErrorProtocol(consumer);
                }
                else if (consumer.Delivery is not null)
                {
                    Agent.Succeed(consumer);
                }
            }

            Advance(TimeSpan.FromMilliseconds(100));
            AssertSafe();
        }

        Assert.Equal(End, Cache.Watermark);
        Assert.Equal(0, Cache.Items);
        Assert.Equal(0, Cache.Bytes);
        Assert.Empty(Cache.TakeNotices());
        Assert.True(Cache.IsIdle, "nothing is left to do, and the agent would not sleep");
        Assert.All(_log, i => Assert.All(_subscribers, s => Assert.True(_deliveries.ContainsKey((s, i.Offset)), $"{i} never reached {s}")));
    }

    void ICacheObserver.Acknowledged(int items)
    {
    }

    void ICacheObserver.Redelivered(StreamId stream)
    {
    }

    void ICacheObserver.DeliveryFailed(StreamId stream, long offset, int failures)
    {
    }

    void ICacheObserver.Unsubscribed(StreamId stream, int items) => UnsubscribedItems += items;

    /// <summary>P3: a delivery continues where the subscriber is, or repeats; it never jumps over a record of its key, nor turns back within itself.</summary>
    private void Delivered(string subscriber, TestItem[] items)
    {
        var key = items[0].Key;
        var ofKey = _log.Where(i => i.Key == key).ToList();
        var from = ofKey.IndexOf(items[0]);
        _next.TryGetValue((subscriber, key), out var next);
        Assert.True(from <= next, $"{subscriber} was given {items[0]} before {ofKey[Math.Min(next, ofKey.Count - 1)]}");
        Assert.Equal(ofKey.Skip(from).Take(items.Length), items);
        _next[(subscriber, key)] = Math.Max(next, from + items.Length);
        foreach (var item in items)
        {
            _deliveries[(subscriber, item.Offset)] = _deliveries.GetValueOrDefault((subscriber, item.Offset)) + 1;
        }
    }
}
