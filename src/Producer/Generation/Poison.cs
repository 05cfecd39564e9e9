using Contracts.Records;
using SchemaRegistry;

namespace Producer.Generation;

/// <summary>
/// Records that cannot be used, each kind in turn: what other programs' mistakes look like. Each has an event id of its own: with another
/// record's id it would be that one's duplicate.
/// </summary>
internal sealed class Poison(int seed)
{
    private static readonly DateTimeOffset FarAhead = new(2090, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly RecordKind[] Kinds =
        [RecordKind.NotAvro, RecordKind.UnknownSchema, RecordKind.Truncated, RecordKind.NoKey, RecordKind.From2090];

    private readonly Choices _choices = new(seed);
    private int _made;

    /// <summary>The next one.</summary>
    /// <param name="good">The record that it resembles.</param>
    /// <param name="encode">Encodes a record.</param>
    public Outgoing Next(object good, Func<object, Outgoing> encode)
    {
        var kind = Kinds[_made++ % Kinds.Length];
        var record = encode(Altered(good, kind == RecordKind.From2090));
        return kind switch
        {
            RecordKind.NotAvro => record with { Value = "this is not Avro"u8.ToArray(), Kind = kind },
            RecordKind.UnknownSchema => record with { Value = WithUnknownSchema(record.Value), Kind = kind },
            RecordKind.Truncated => record with { Value = record.Value[..(record.Value.Length / 2)], Kind = kind },
            RecordKind.NoKey => record with { Key = null, Kind = kind },
            _ => record with { Kind = kind },
        };
    }

    private object Altered(object good, bool farAhead) => good switch
    {
        UserRecord user => user with { EventId = _choices.Id(), Timestamp = farAhead ? FarAhead : user.Timestamp },
        TransactionRecord t => t with { EventId = _choices.Id(), TransactionId = _choices.Id(), Timestamp = farAhead ? FarAhead : t.Timestamp },
        _ => throw new InvalidOperationException($"No poison from {good.GetType()}."),
    };

    // A registry counts from 1 and a folder's ids are spread over a thousand million: the last of all is nobody's.
    private static byte[] WithUnknownSchema(byte[] value)
    {
        WireFormat.WriteHeader(value, int.MaxValue);
        return value;
    }
}
