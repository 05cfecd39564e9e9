using System.Diagnostics;
using Confluent.Kafka;

namespace Shared;

/// <summary>Fills a topic: the same for a seed. Keys go to partitions as Java clients put them.</summary>
public static class Fill
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>User events whose event time runs at a rate of its own, up to two seconds out of order; sent as fast as can be, or at another rate.</summary>
    public static void UserEvents(
        string bootstrap, string topic, long events, Keys users, int perSecond, int seed, int? rate = null, CancellationToken cancellationToken = default)
    {
        var (encoder, random) = (Schemas.UserEvents(), new Random(seed));
        Send(bootstrap, topic, events, i =>
        {
            var record = Records.Next(random, users.Next(random), Start.AddTicks(i * TimeSpan.TicksPerSecond / perSecond).AddMilliseconds(-random.Next(2000)));
            return new() { Key = record.UserId, Value = encoder.Encode(record) };
        }, rate, cancellationToken);
    }

    /// <summary>Values that mean nothing, as fast as can be or at a rate.</summary>
    public static void Bytes(string bootstrap, string topic, long events, Keys keys, int size, int seed, int? rate = null)
    {
        var random = new Random(seed);
        Send(bootstrap, topic, events, _ =>
        {
            var value = new byte[size];
            random.NextBytes(value);
            return new() { Key = $"key-{keys.Next(random)}", Value = value };
        }, rate);
    }

    private static void Send(string bootstrap, string topic, long events, Func<long, Message<string, byte[]>> next, int? rate, CancellationToken cancellationToken = default)
    {
        var clock = Stopwatch.StartNew();
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig
        {
            BootstrapServers = bootstrap,
            Partitioner = Partitioner.Murmur2Random,
            CompressionType = CompressionType.Lz4,
            LingerMs = rate is null ? 20 : 1,
            BatchSize = 262_144,
            QueueBufferingMaxMessages = 200_000,
            EnableDeliveryReports = false,
        }).Build();
        for (long i = 0; i < events && !cancellationToken.IsCancellationRequested; i++)
        {
            while (clock.Elapsed.TotalSeconds * rate < i)
                Thread.Sleep(1);
            var message = next(i);
            while (!TryProduce(producer, topic, message))
                producer.Poll(TimeSpan.FromMilliseconds(50));
        }

        producer.Flush(CancellationToken.None);
    }

    private static bool TryProduce(IProducer<string, byte[]> producer, string topic, Message<string, byte[]> message)
    {
        try
        {
            producer.Produce(topic, message);
            return true;
        }
        catch (ProduceException<string, byte[]> e) when (e.Error.Code == Confluent.Kafka.ErrorCode.Local_QueueFull)
        {
            return false;
        }
    }
}
