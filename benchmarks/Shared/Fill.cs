using System.Globalization;
using Confluent.Kafka;
using Contracts.Records;
using Environment = Contracts.Records.Environment;

namespace Shared;

/// <summary>
/// Fills a topic with user events whose event time runs at a rate of its own, up to two seconds out of order: the same for a seed. The shares of types
/// are a shop's; keys go to partitions as Java clients put them.
/// </summary>
public static class Fill
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly EventMetadata Metadata = new() { ProducerId = "windows", Environment = Environment.Development };
    private static readonly Dictionary<string, string> NoProperties = [];

    public static void Run(string bootstrap, string topic, long events, int users, int perSecond, int seed, bool zipf = false)
    {
        var ranks = zipf ? Zipf(users) : null;
        var encoder = Schemas.UserEvents();
        var random = new Random(seed);
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig
        {
            BootstrapServers = bootstrap,
            Partitioner = Partitioner.Murmur2Random,
            CompressionType = CompressionType.Lz4,
            LingerMs = 20,
            BatchSize = 262_144,
            QueueBufferingMaxMessages = 200_000,
            EnableDeliveryReports = false,
        }).Build();
        for (long i = 0; i < events; i++)
        {
            var record = Next(random, ranks is null ? random.Next(users) : Rank(ranks, random.NextDouble()), Start.AddTicks(i * TimeSpan.TicksPerSecond / perSecond).AddMilliseconds(-random.Next(2000)));
            var message = new Message<string, byte[]> { Key = record.UserId, Value = encoder.Encode(record) };
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

    /// <summary>The shares of users by Zipf's law with exponent 1, added up.</summary>
    private static double[] Zipf(int users)
    {
        var (shares, sum) = (new double[users], 0.0);
        for (var i = 0; i < users; i++)
            shares[i] = sum += 1.0 / (i + 1);
        return Array.ConvertAll(shares, share => share / sum);
    }

    private static int Rank(double[] shares, double share)
    {
        var found = Array.BinarySearch(shares, share);
        return found < 0 ? Math.Min(~found, shares.Length - 1) : found;
    }

    /// <summary>A record of a user.</summary>
    public static UserRecord Next(Random random, int user, DateTimeOffset at)
    {
        var type = random.Next(100) switch
        {
            < 45 => EventType.PageView,
            < 70 => EventType.Click,
            < 76 => EventType.Purchase,
            < 86 => EventType.AddToCart,
            < 94 => EventType.Search,
            < 97 => EventType.Login,
            < 99 => EventType.Logout,
            _ => EventType.Registration,
        };
        return new()
        {
            EventId = new Guid(random.Next(), (short)random.Next(), (short)random.Next(), BitConverter.GetBytes(random.NextInt64())).ToString(),
            UserId = string.Create(CultureInfo.InvariantCulture, $"user-{user}"),

            // One in twenty has none; the others' last ten minutes.
            SessionId = random.Next(20) == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"session-{user}-{(at - Start).Ticks / (10 * TimeSpan.TicksPerMinute)}"),
            EventType = type,
            Timestamp = at,
            PageUrl = type == EventType.PageView ? string.Create(CultureInfo.InvariantCulture, $"/product/{random.Next(500)}") : null,
            UserAgent = "Mozilla/5.0 (X11; Linux x86_64)",
            IpAddress = string.Create(CultureInfo.InvariantCulture, $"10.{random.Next(256)}.{random.Next(256)}.{random.Next(256)}"),
            DeviceType = random.Next(10) == 0 ? null : (DeviceType)random.Next(4),
            Properties = type switch
            {
                EventType.Purchase => new() { ["amount"] = (random.Next(100, 50_100) / 100m).ToString("0.00", CultureInfo.InvariantCulture) },
                EventType.Search => new()
                {
                    ["query"] = string.Create(CultureInfo.InvariantCulture, $"q{random.Next(200)}"),
                    ["results_count"] = random.Next(100).ToString(CultureInfo.InvariantCulture),
                },
                _ => NoProperties,
            },
            Metadata = Metadata,
        };
    }
}
