using AppHost.Kafka;
using Chaos.Checking;
using EventPlatform.Publishing;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace Chaos.Running;

/// <summary>Reads the topics of published events.</summary>
internal static class PublishedReader
{
    public static async Task<IReadOnlyList<PublishedEvent>> ReadAsync(IKafkaBroker broker, CancellationToken cancellationToken)
    {
        var decoder = new AvroRecordDecoder<DomainEvent>(new FolderSchemaRegistry(Path.Combine(AppContext.BaseDirectory, "schemas")));
        var published = new List<PublishedEvent>();
        foreach (var topic in new[] { "user-domain-events", "account-domain-events" })
        {
            foreach (var record in TopicReader.Read(broker, topic, cancellationToken))
            {
                var place = new Place(topic, record.Partition.Value, record.Offset.Value);
                try
                {
                    var e = await decoder.DecodeAsync(record.Message.Value, cancellationToken);
                    published.Add(new(place, Guid.Parse(e.EventId), e.Entity, e.Version, e.Type, e.Data, IsCommitted: broker.Kind != "emulator"));
                }
                catch (FormatException e)
                {
                    published.Add(new(place, Guid.Empty, "", 0, "", e.Message, IsCommitted: broker.Kind != "emulator")); // no event at all: nothing stored has this id
                }
            }
        }

        return published;
    }
}
