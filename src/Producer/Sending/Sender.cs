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
    /// <summary>At full speed only every so-manieth record's latency is measured: a closure per record would cost more than sending it.</summary>
    private const int SampleEvery = 64;
    private static readonly TimeSpan QueuePause = TimeSpan.FromMilliseconds(20);

    private readonly IProducer<byte[], byte[]> _producer;
    private readonly HistogramBase _latency = new LongHistogram(1, TimeSpan.FromMinutes(10).Ticks / 10, 3);
    private readonly Action<DeliveryReport<byte[], byte[]>> _count;
    private readonly Action<string> _say;
    private readonly bool _measureAll;
    private readonly bool _trace;
    private long _sent;
    private long _acknowledged;

    /// <summary>Prepares a client; it connects by itself.</summary>
    /// <param name="client">The brokers, and how they want to be spoken to.</param>
    /// <param name="measureAll">Whether every record's latency is measured.</param>
    /// <param name="trace">Whether each record begins a trace, in the header <c>traceparent</c>.</param>
    /// <param name="say">Tells the user what holds things up.</param>
    public Sender(ClientConfig client, bool measureAll, bool trace, Action<string> say)
    {
        (_measureAll, _trace, _say, _count) = (measureAll, trace, say, Count);
        _producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(new ClientConfig(client))
        {
            // Java's partitioner: the same key lies in the same partition whoever writes it, or order per key is lost.
            Partitioner = Partitioner.Murmur2Random,
            Acks = Acks.All,
            EnableIdempotence = true,
            LingerMs = measureAll ? 10 : 20,
            BatchSize = 512 * 1024,
            CompressionType = CompressionType.Lz4,
            QueueBufferingMaxMessages = 200_000,
            QueueBufferingMaxKbytes = 256 * 1024,
            DeliveryReportFields = "status",
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, error) => Notice(error)).Build();
    }

    /// <summary>The first error that cannot pass by itself, or the reason of the first record not acknowledged.</summary>
    public string? FirstError { get; private set; }

    /// <summary>How many records were handed to the client.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>How many of them Kafka acknowledged.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    /// <summary>A percentile of the acknowledgement latency.</summary>
    public TimeSpan Latency(double percentile)
    {
        lock (_latency)
            return TimeSpan.FromMicroseconds(_latency.TotalCount == 0 ? 0 : _latency.GetValueAtPercentile(percentile));
    }

    /// <summary>Hands a record to the client; waits while its queue is full.</summary>
    public void Send(in Outgoing record, CancellationToken cancellationToken)
    {
        var message = new Message<byte[], byte[]> { Key = record.Key is null ? null! : Encoding.UTF8.GetBytes(record.Key), Value = record.Value };
        if (_trace)
            message.Headers = new Headers { { "traceparent", TraceParent() } };
        var handler = _measureAll || _sent % SampleEvery == 0 ? Measuring() : _count;
        while (true)
        {
            try
            {
                _producer.Produce(record.Topic, message, handler);
                Interlocked.Increment(ref _sent);
                return;
            }
            catch (ProduceException<byte[], byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                cancellationToken.ThrowIfCancellationRequested();
                _producer.Flush(QueuePause);
            }
        }
    }

    /// <summary>Waits until everything sent is acknowledged or has failed, or the patience ends.</summary>
    public void Flush(TimeSpan patience) => _producer.Flush(patience);

    public void Dispose() => _producer.Dispose();

    // A trace's id is no part of the record: two runs of one seed are two traces.
    private static byte[] TraceParent() =>
        Encoding.ASCII.GetBytes($"00-{ActivityTraceId.CreateRandom().ToHexString()}-{ActivitySpanId.CreateRandom().ToHexString()}-01");

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
            FirstError ??= report.Error.Reason;
        else
            Interlocked.Increment(ref _acknowledged);
    }

    private void Notice(Error error)
    {
        if (error.IsFatal)
            FirstError ??= error.Reason;
        else if (error.Code == ErrorCode.Local_AllBrokersDown)
            _say("Kafka cannot be reached; what was sent waits for it.");
    }
}
