using System.Collections.Concurrent;
using Orleans.Streams.Core;

namespace Orleans.Streams.Kafka.Tests.Cluster;

/// <summary>What reached the grains of a test, and what they shall do about it. Shared by all silos of the test.</summary>
public sealed class Deliveries
{
    private readonly ConcurrentDictionary<(int Partition, long Offset), int> _times = [];
    private readonly ConcurrentDictionary<string, ConcurrentQueue<KafkaRecord>> _byKey = [];

    /// <summary>Called with each batch before it counts; may throw, or wait.</summary>
    public Func<string, IReadOnlyList<KafkaRecord>, Task> OnBatch { get; set; } = (_, _) => Task.CompletedTask;

    public int Distinct => _times.Count;

    public int Largest { get; private set; }

    public IReadOnlyList<KafkaRecord> Of(string key) => _byKey.TryGetValue(key, out var records) ? [.. records] : [];

    public IEnumerable<string> Keys => _byKey.Keys;

    public async Task HandleAsync(string key, IReadOnlyList<KafkaRecord> records)
    {
        await OnBatch(key, records);
        Largest = Math.Max(Largest, records.Count);
        foreach (var record in records)
        {
            // Only what is new, as a grain that keeps positions would: order is judged on effects.
            if (_times.AddOrUpdate((record.Partition, record.Offset), 1, (_, n) => n + 1) == 1)
            {
                _byKey.GetOrAdd(key, _ => []).Enqueue(record);
            }
        }
    }
}

public interface IRecordingGrain : IGrainWithStringKey
{
}

/// <summary>Subscribed by registration, not by attribute.</summary>
public sealed class RecordingGrain(Deliveries deliveries) : Grain, IRecordingGrain, IStreamSubscriptionObserver, IAsyncBatchObserver<KafkaRecord>
{
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) => handleFactory.Create<KafkaRecord>().ResumeAsync(this);

    public Task OnNextAsync(IList<SequentialItem<KafkaRecord>> items) =>
        deliveries.HandleAsync(this.GetPrimaryKeyString(), [.. items.Select(i => i.Item)]);

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
}

public interface IPublishingGrain : IGrainWithStringKey
{
    Task Publish(byte[] value);
}

public sealed class PublishingGrain : Grain, IPublishingGrain
{
    public Task Publish(byte[] value) => this.GetStreamProvider(KafkaCluster.Provider)
        .GetStream<KafkaRecord>(StreamId.Create(KafkaCluster.Stream, this.GetPrimaryKeyString())).OnNextAsync(KafkaRecord.ToPublish(value));
}

public interface IDeafGrain : IGrainWithStringKey
{
}

/// <summary>Subscribes and attaches no observer: a mistake that must not cost a record.</summary>
public sealed class DeafGrain : Grain, IDeafGrain, IStreamSubscriptionObserver
{
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) => Task.CompletedTask;
}

/// <summary>Keeps what could not be routed.</summary>
public sealed class Unroutables : IKafkaUnroutableHandler
{
    private int _failures;

    public ConcurrentQueue<(KafkaRecord Record, KafkaUnroutableReason Reason)> Handled { get; } = [];

    public int FailFirst { get; set; }

    public ValueTask HandleAsync(KafkaRecord record, KafkaUnroutableReason reason, CancellationToken cancellationToken)
    {
        if (_failures++ < FailFirst)
        {
            throw new InvalidOperationException("the dead-letter table is away");
        }

        Handled.Enqueue((record, reason));
        return ValueTask.CompletedTask;
    }
}
