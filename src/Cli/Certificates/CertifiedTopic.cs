using Contracts.Records;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace Cli.Certificates;

/// <summary>A topic that aggregates read, and how its records name their event.</summary>
/// <param name="Name">The topic.</param>
/// <param name="EventIdAsync">A value's event id; fails with <see cref="RecordFormatException"/> for one that is not what its schema says.</param>
internal sealed record CertifiedTopic(string Name, Func<byte[], CancellationToken, ValueTask<string?>> EventIdAsync)
{
    public static CertifiedTopic[] All(ISchemaRegistry registry) =>
    [
        Of<UserRecord>("user-events", registry, r => r.EventId),
        Of<TransactionRecord>("transactions", registry, r => r.EventId),
    ];

    private static CertifiedTopic Of<TRecord>(string name, ISchemaRegistry registry, Func<TRecord, string> eventId)
        where TRecord : class
    {
        var decoder = new AvroRecordDecoder<TRecord>(registry);
        return new(name, async (value, cancellationToken) => eventId(await decoder.DecodeAsync(value, cancellationToken)));
    }
}
