using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using HdrHistogram;
using Producer.Generation;
using ErrorCode = Confluent.Kafka.ErrorCode;

namespace Producer.Sending;

/// <summary>Sends records and keeps count of what was acknowledged, and how soon.</summary>
internal sealed class Sender : IDisposable
{
    /// <summary>Above this rate only every so-manieth record's latency is measured: a closure per record would cost more than sending it.</summary>
    private const int SampleEvery = 64;

    private readonly IProducer<byte[], byte[]> _producer;
    private readonly HistogramBase _latency = new LongHistogram(1, TimeSpan.FromMinutes(5).Ticks / 10, 3);
    private readonly Action<DeliveryReport<byte[], byte[]>> _count;
    private readonly bool _measureAll;
    private long _acknowledged;
    private long _failed;

    public Sender(string bootstrap, bool measureAll)
    {
        _measureAll = measureAll;
        _count = Count;
        _producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig
        {
            BootstrapServers = bootstrap,
            // Java's partitioner: the same key lies in the same partition whoever writes it, or order per key is lost.
            Partitioner = Partitioner.Murmur2Random,
            Acks = Acks.All,
            EnableIdempotence = true,
            LingerMs = measureAll ? 2 : 20,
            BatchSize = 512 * 1024,
            CompressionType = CompressionType.Lz4,
            QueueBufferingMaxMessages = 200_000,
            QueueBufferingMaxKbytes = 256 * 1024,
            ReconnectBackoffMaxMs = 1000,
            DeliveryReportFields = "status",
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, error) => FirstError ??= error.IsFatal ? error.Reason : null).Build();
    }

    /// <summary>The first error that cannot pass by itself, or the reason of the first record not acknowledged.</summary>
    public string? FirstError { get; private set; }

    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>A percentile of the acknowledgement latency.</summary>
    public TimeSpan Latency(double percentile)
    {
        lock (_latency)
            return TimeSpan.FromMicroseconds(_latency.GetValueAtPercentile(percentile));
    }

    /// <summary>Hands a record to the client; waits while its queue is full.</summary>
    public void Send(in Outgoing record, long number, CancellationToken cancellationToken)
    {
        var message = new Message<byte[], byte[]> { Key = record.Key is null ? null! : Encoding.UTF8.GetBytes(record.Key), Value = record.Value };
        var handler = _measureAll || number % SampleEvery == 0 ? Measuring() : _count;
        while (true)
        {
            try
            {
                _producer.Produce(record.Topic, message, handler);
                return;
            }
            catch (ProduceException<byte[], byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                cancellationToken.ThrowIfCancellationRequested();
                _producer.Flush(TimeSpan.FromMilliseconds(20));
            }
        }
    }

    /// <summary>Waits until everything sent is acknowledged or has failed.</summary>
    /// <returns>How many records are still on their way when the patience ends.</returns>
    public int Flush(TimeSpan patience) => _producer.Flush(patience);

    public void Dispose() => _producer.Dispose();

    private Action<DeliveryReport<byte[], byte[]>> Measuring()
    {
        var sent = Stopwatch.GetTimestamp();
        return report =>
        {
            lock (_latency)
                _latency.RecordValue(Math.Clamp((long)Stopwatch.GetElapsedTime(sent).TotalMicroseconds, 1, _latency.HighestTrackableValue));
            Count(report);
        };
    }

    private void Count(DeliveryReport<byte[], byte[]> report)
    {
        if (report.Error.IsError)
        {
            FirstError ??= report.Error.Reason;
            Interlocked.Increment(ref _failed);
        }
        else
        {
            Interlocked.Increment(ref _acknowledged);
        }
    }
}
