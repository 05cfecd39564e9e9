using System.Collections.Concurrent;

namespace Orleans.Streams.Kafka;

/// <summary>Checkpoints that end with the process: for tests and demonstrations. Silos that shall share them must be given one instance.</summary>
public sealed class InMemoryKafkaCheckpointStore : IKafkaCheckpointStore
{
    private readonly ConcurrentDictionary<(string Provider, string Topic, int Partition), Checkpoint> _checkpoints = [];

    /// <inheritdoc/>
    public ValueTask<KafkaCheckpoint> TakeOverAsync(string provider, string topic, string incarnation, int partition, CancellationToken cancellationToken)
    {
        string? former = null;
        var taken = _checkpoints.AddOrUpdate(
            (provider, topic, partition),
            _ => new(incarnation, 1, null),
            (_, known) =>
            {
                var same = known.Incarnation == incarnation || known.NextOffset is null;
                former = same ? null : known.Incarnation;
                return same ? known with { Incarnation = incarnation, Epoch = known.Epoch + 1 } : known with { Epoch = known.Epoch + 1 };
            });
        return new(new KafkaCheckpoint(taken.Epoch, former is null ? taken.NextOffset : null, former));
    }

    /// <inheritdoc/>
    public ValueTask<bool> SaveAsync(
        string provider, string topic, string incarnation, int partition, long epoch, long nextOffset, CancellationToken cancellationToken)
    {
        var key = (provider, topic, partition);
        while (_checkpoints.TryGetValue(key, out var known) && known.Epoch == epoch)
        {
            if (_checkpoints.TryUpdate(key, known with { Incarnation = incarnation, NextOffset = nextOffset }, known))
            {
                return new(true);
            }
        }

        return new(false);
    }

    /// <summary>The next offset of a partition, or null when there is no checkpoint.</summary>
    public long? NextOffset(string provider, string topic, int partition) =>
        _checkpoints.TryGetValue((provider, topic, partition), out var known) ? known.NextOffset : null;

    private sealed record Checkpoint(string Incarnation, long Epoch, long? NextOffset);
}
