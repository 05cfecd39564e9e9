using System.Text;
using System.Text.Json;
using Chaos.Checking;
using Confluent.Kafka;

namespace Chaos.Load;

/// <summary>Sends records at a rate and writes down what was acknowledged, and where.</summary>
internal sealed class RecordLoad : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);
    private readonly IProducer<byte[], byte[]> _producer;
    private readonly Shop _shop;
    private readonly Journal _journal;
    private readonly Func<long> _lag;
    private long _number;
    private long _retries;
    private long _disconnects;

    public RecordLoad(string bootstrap, Shop shop, Journal journal, Func<long> lag)
    {
        (_shop, _journal, _lag) = (shop, journal, lag);
        _producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig
        {
            BootstrapServers = bootstrap,
            Partitioner = Partitioner.Murmur2Random,
            Acks = Acks.All,
            EnableIdempotence = true,
            LingerMs = 5,
            ReconnectBackoffMaxMs = 500,
            MessageTimeoutMs = 120_000,
            TopicMetadataRefreshIntervalMs = 2_000,
            StatisticsIntervalMs = 500,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => Interlocked.Increment(ref _disconnects)).SetStatisticsHandler((_, json) => Count(json)).Build();
    }

    /// <summary>Requests that were sent again.</summary>
    public long Retries => Interlocked.Read(ref _retries);

    /// <summary>Errors of the connection.</summary>
    public long Disconnects => Interlocked.Read(ref _disconnects);

    /// <summary>Sends until cancelled. While the system lags by more than the limit it waits: the emulator would drop what was not read.</summary>
    public async Task RunAsync(int perSecond, long lagLimit, CancellationToken cancellationToken)
    {
        var due = 0d;
        var last = _journal.Now;
        while (!cancellationToken.IsCancellationRequested)
        {
            var now = _journal.Now;
            due = Math.Min(due + (now - last) * perSecond, perSecond / 5d);
            last = now;
            for (; due >= 1 && _lag() < lagLimit; due--)
                Send(_shop.Next());
            await Task.Delay(Tick, CancellationToken.None);
        }
    }

    /// <summary>Waits until everything is acknowledged, or given up.</summary>
    public void Flush() => _producer.Flush(TimeSpan.FromSeconds(120));

    public void Dispose() => _producer.Dispose();

    private void Send(Outgoing record)
    {
        var number = _number++;
        _journal.Sending(new Sent(number, record.Topic, record.Key, record.Id, record.Kind, _journal.Now, null, 0, 0, record.Transaction));
        try
        {
            _producer.Produce(record.Topic, new Message<byte[], byte[]> { Key = record.Key is null ? null! : Encoding.UTF8.GetBytes(record.Key), Value = record.Value }, report =>
            {
                if (!report.Error.IsError && report.Status == PersistenceStatus.Persisted)
                    _journal.AcknowledgedAs(number, report.Partition, report.Offset);
            });
        }
        catch (ProduceException<byte[], byte[]>)
        {
            // The queue is full while the broker is away: the record was not sent, and is known as one never acknowledged.
        }
    }

    private void Count(string json)
    {
        using var statistics = JsonDocument.Parse(json);
        Interlocked.Exchange(ref _retries, statistics.RootElement.GetProperty("brokers").EnumerateObject().Sum(b => b.Value.GetProperty("txretries").GetInt64() + b.Value.GetProperty("txerrs").GetInt64()));
    }
}
