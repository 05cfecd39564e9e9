using Contracts.Records;
using Producer.Generation;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace Producer.Tests;

/// <summary>Runs without a broker: what a producer would send.</summary>
internal static class Sources
{
    public static readonly FolderSchemaRegistry Registry = new(Path.Combine(AppContext.BaseDirectory, "schemas"));

    public static readonly AvroRecordDecoder<UserRecord> Users = new(Registry);

    public static readonly AvroRecordDecoder<TransactionRecord> Transactions = new(Registry);

    private static readonly IReadOnlyList<RegisteredSchema> Schemas = Registry.ListAsync().AsTask().GetAwaiter().GetResult();

    public static RecordSource Create(int seed, int transactions = 300, int late = 0, int duplicates = 0, int poison = 0, int users = 50) => new(
        new ShopGenerator(seed, EventClock.Seeded, users, transactions, late), new AvroRecordEncoder<UserRecord>(Schema("user-events")),
        new AvroRecordEncoder<TransactionRecord>(Schema("transactions")), new RecordTopics("user-events", "transactions"), seed, duplicates, poison);

    /// <summary>A run of so many plain records, with all that is injected.</summary>
    public static List<Outgoing> Run(RecordSource source, int events)
    {
        var all = new List<Outgoing>();
        for (var plain = 0; ;)
        {
            var record = source.Next();
            if (record.IsPlain && plain++ == events)
                return all;
            all.Add(record);
        }
    }

    /// <summary>Records as text: equal when every byte is.</summary>
    public static IEnumerable<string> Bytes(IEnumerable<Outgoing> records) => records.Select(r => $"{r.Topic} {r.Key} {Convert.ToHexString(r.Value)}");

    private static RegisteredSchema Schema(string topic) => Schemas.Single(s => s.Subject == $"{topic}-value");
}
