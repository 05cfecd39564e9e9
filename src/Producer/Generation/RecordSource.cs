using Contracts.Records;
using SchemaRegistry;

namespace Producer.Generation;

/// <summary>What a record is, for the summary.</summary>
internal enum RecordKind
{
    UserEvent,
    Transaction,
    Duplicate,
    Poison,
}

/// <summary>A record ready to be sent.</summary>
internal readonly record struct Outgoing(string Topic, string? Key, byte[] Value, RecordKind Kind);

/// <summary>
/// The records of a run, encoded, with duplicates and poison in between. What is injected draws from a random source of its own, so that the
/// other records are those of a run without it.
/// </summary>
internal sealed class RecordSource(
    ShopGenerator shop, IRecordEncoder<UserRecord> users, IRecordEncoder<TransactionRecord> transactions, string topic, int seed,
    int duplicatesPerMille, int poisonPerMille)
{
    private const int RecentCount = 64;

    private readonly Random _injected = new(unchecked(seed * 31 + 7));
    private readonly Outgoing[] _recent = new Outgoing[RecentCount];
    private readonly Queue<Outgoing> _extra = new();
    private long _made;
    private int _poisons;

    /// <summary>The next record, which may be one that is injected.</summary>
    public Outgoing Next()
    {
        if (_extra.TryDequeue(out var extra))
            return extra;
        var record = Encode(shop.Next());
        _recent[_made++ % RecentCount] = record;
        if (_injected.Next(1000) < duplicatesPerMille)
            _extra.Enqueue(_recent[_injected.Next((int)Math.Min(_made, RecentCount))] with { Kind = RecordKind.Duplicate });
        if (_injected.Next(1000) < poisonPerMille)
            _extra.Enqueue(Poison(record));
        return record;
    }

    private Outgoing Encode(object record) => record switch
    {
        UserRecord user => new(topic, user.UserId, users.Encode(user), RecordKind.UserEvent),
        TransactionRecord transaction => new("transactions", transaction.AccountId, transactions.Encode(transaction), RecordKind.Transaction),
        _ => throw new InvalidOperationException($"No encoder for {record.GetType()}."),
    };

    // Each in turn: what other programs' mistakes look like.
    private Outgoing Poison(Outgoing good) => (_poisons++ % 5) switch
    {
        0 => good with { Value = "this is not Avro"u8.ToArray(), Kind = RecordKind.Poison },
        1 => good with { Value = [0, 0, 0, 255, 255, .. good.Value[WireFormat.HeaderLength..]], Kind = RecordKind.Poison },
        2 => good with { Value = good.Value[..(good.Value.Length / 2)], Kind = RecordKind.Poison },
        3 => good with { Key = null, Kind = RecordKind.Poison },
        _ => FarAhead(good.Key!),
    };

    private Outgoing FarAhead(string key)
    {
        var record = new UserRecord
        {
            EventId = new Guid(_poisons, 0, 0, new byte[8]).ToString(),
            UserId = key,
            EventType = EventType.PageView,
            Timestamp = new DateTimeOffset(2090, 1, 1, 0, 0, 0, TimeSpan.Zero),
            Metadata = new EventMetadata { ProducerId = "producer with a wrong clock" },
        };
        return new(topic, key, users.Encode(record), RecordKind.Poison);
    }
}
