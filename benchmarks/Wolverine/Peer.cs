using Contracts.Records;
using JasperFx.Events;
using Marten;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Wolverine;
using Wolverine.Configuration;
using Wolverine.Kafka;
using Wolverine.Marten;
using Wolverine.Transports;

namespace WolverinePeer;

/// <summary>Wolverine with Kafka and Marten, each setting as their documentation advises for throughput without losing records. The page is named beside it.</summary>
internal static class Peer
{
    public static async Task<int> RunAsync(string bootstrap, string topic, string group, string postgres, bool oneByOne, CancellationToken cancellationToken)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddMarten(marten =>
            {
                marten.Connection(postgres);
                marten.DisableNpgsqlLogging = true;
                marten.Events.StreamIdentity = StreamIdentity.AsString;

                // Marten, Appending Events: Quick appends cost the fewest round trips, and leave the numbering of versions to the database.
                marten.Events.AppendMode = EventAppendMode.Quick;
            })
            .UseLightweightSessions() // Marten, Sessions: no identity map and no dirty checking for those who only append
            .IntegrateWithWolverine();
        builder.UseWolverine(options =>
        {
            // Durability, Solo mode: on a single node nothing is gained by electing a leader.
            options.Durability.Mode = DurabilityMode.Solo;
            options.Policies.AutoApplyTransactions();
            options.AddSerializer(AvroRecords.Serializer);
            options.Discovery.DisableConventionalDiscovery();
            options.UseKafka(bootstrap).BeginAtEarliest().ConfigureConsumers(consumer => consumer.GroupId = group);
            var listener = options.ListenToKafkaTopic(topic).ExternallyOwned()
                .UseInterop((_, _) => new AvroRecords())

                // Kafka, Idempotency: the durable inbox has the record and its effect commit once. Kafka, Back pressure: a listener that reaches its limit leaves
                // the group and comes back after seconds, so limits are for sustained load to be raised.
                .UseDurableInbox(new BufferingLimits(20_000, 10_000))

                // Kafka, Performance tuning: what was fetched is put into the inbox by one insert; its size is the lever.
                .MaximumMessagesToReceive(1_000);
            if (oneByOne)
            {
                // Kafka, By-Key Concurrency: different users at the same time, one user's records in order.
                listener.ProcessConcurrentlyByKey(PartitionSlots.Nine);
                options.Discovery.IncludeType(typeof(OneByOneHandler));
            }
            else
            {
                // Batch message processing: a durable listener is what makes it lose nothing; one after the other, so that a user's records stay in order.
                options.BatchMessagesOf<UserRecord>(batching => (batching.BatchSize, batching.TriggerTime) = (1_000, TimeSpan.FromMilliseconds(100))).Sequential();
                options.Discovery.IncludeType(typeof(BatchHandler));
            }
        });
        using var host = builder.Build();
        await host.RunAsync(cancellationToken);
        return 0;
    }
}
