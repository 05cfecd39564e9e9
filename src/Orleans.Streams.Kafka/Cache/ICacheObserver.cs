namespace Orleans.Streams.Kafka.Cache;

/// <summary>Hears what becomes of a partition's items: for counters, logs and health.</summary>
internal interface ICacheObserver
{
    void Acknowledged(int items);

    void Redelivered(StreamId stream);

    void DeliveryFailed(StreamId stream, long offset, int failures);

    void Unsubscribed(StreamId stream, int items);
}
