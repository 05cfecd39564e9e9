using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using Contracts.Records;
using SchemaRegistry;
using Shared;

namespace Ingest;

/// <summary>The ceiling: consuming and decoding the same records in a plain loop on one thread, in a process of its own.</summary>
internal static class Raw
{
    public static async Task<int> RunAsync(string bootstrap, long events)
    {
        var decoder = new AvroRecordDecoder<UserRecord>(Schemas.OfUserEvents());
        using var consumer = new ConsumerBuilder<string, byte[]>(new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = "ingest-raw",
            EnableAutoCommit = false,
            FetchQueueBackoffMs = 2, // by default a second, in which a fast reader has nothing
        }).Build();
        using (var admin = new DependentAdminClientBuilder(consumer.Handle).Build())
        {
            var partitions = admin.GetMetadata(Run.Topic, TimeSpan.FromSeconds(10)).Topics[0].Partitions;
            consumer.Assign(partitions.Select(p => new TopicPartitionOffset(Run.Topic, p.PartitionId, Offset.Beginning)));
        }

        var (clock, characters) = (new Stopwatch(), 0L);
        for (long count = 0; count < events; count++)
        {
            var message = consumer.Consume(TimeSpan.FromSeconds(30))?.Message ?? throw new TimeoutException("Nothing came for 30 s.");
            clock.Start();
            characters += (await decoder.DecodeAsync(message.Value, CancellationToken.None)).UserId.Length;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rate {events / clock.Elapsed.TotalSeconds:0} characters {characters}"));
        return 0;
    }
}
