using AppHost.Kafka;
using Chaos.Checking;
using Contracts.Records;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace Chaos.Running;

/// <summary>
/// Finds what topics hold where nothing was acknowledged. A producer that waits too long for an answer sends again; the record may then lie twice, and only one of
/// its places was told to the sender.
/// </summary>
internal static class UnacknowledgedCopies
{
    public static async Task<IReadOnlyList<Copy>> FindAsync(IKafkaBroker broker, History history, CancellationToken cancellationToken)
    {
        var schemas = new FolderSchemaRegistry(Path.Combine(AppContext.BaseDirectory, "schemas"));
        var (users, transactions) = (new AvroRecordDecoder<UserRecord>(schemas), new AvroRecordDecoder<TransactionRecord>(schemas));
        var known = history.Records.Where(r => r.Acknowledged is not null).Select(r => r.Place).ToHashSet();
        var copies = new List<Copy>();
        foreach (var topic in new[] { "user-events", "transactions" })
        {
            foreach (var record in TopicReader.Read(broker, topic, cancellationToken))
            {
                var place = new Place(topic, record.Partition.Value, record.Offset.Value);
                if (known.Contains(place))
                    continue;
                Guid? found;
                try
                {
                    var id = topic == "user-events"
                        ? (await users.DecodeAsync(record.Message.Value, cancellationToken)).EventId
                        : (await transactions.DecodeAsync(record.Message.Value, cancellationToken)).EventId;
                    found = Guid.Parse(id);
                }
                catch (FormatException)
                {
                    found = null; // poison: its dead letter is no phantom
                }

                copies.Add(new(place, found));
            }
        }

        return copies;
    }
}
