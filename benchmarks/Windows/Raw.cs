using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using SchemaRegistry;
using Shared;

namespace Windows;

/// <summary>The ceiling: consuming and decoding in a plain loop on one thread, in a process of its own.</summary>
internal static class Raw
{
    public static async Task<int> RunAsync(Contest contest)
    {
        var reader = new AvroFieldReader<WindowJobs.Sale>(Schemas.OfUserEvents());
        using var consumer = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig
        {
            BootstrapServers = contest.Bootstrap,
            GroupId = "windows-raw",
            EnableAutoCommit = false,
            FetchQueueBackoffMs = 2, // by default a second, in which a fast reader has nothing
        }).Build();
        using (var admin = new DependentAdminClientBuilder(consumer.Handle).Build())
        {
            var partitions = admin.GetMetadata(contest.Topic, TimeSpan.FromSeconds(10)).Topics[0].Partitions;
            consumer.Assign(partitions.Select(p => new TopicPartitionOffset(contest.Topic, p.PartitionId, Offset.Beginning)));
        }

        var (clock, cents) = (new Stopwatch(), 0m);
        for (long count = 0; count < contest.Events; count++)
        {
            var value = consumer.Consume(TimeSpan.FromSeconds(30))?.Message.Value ?? throw new TimeoutException("Nothing came for 30 s.");
            clock.Start();
            if (!reader.TryRead(value, out var sale))
            {
                await reader.LoadAsync(value, CancellationToken.None);
                reader.TryRead(value, out sale);
            }

            cents += sale.Amount ?? 0;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rate {contest.Events / clock.Elapsed.TotalSeconds:0} total {cents}"));
        return 0;
    }
}
