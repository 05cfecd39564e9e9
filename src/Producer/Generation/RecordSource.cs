using Contracts.Records;
using SchemaRegistry;

namespace Producer.Generation;

/// <summary>
/// The records of a run, encoded, with duplicates and poison in between. What is injected comes on top, in exact shares, and from random choices
/// of its own, so that the other records are those of a run without it.
/// </summary>
internal sealed class RecordSource(
    ShopGenerator shop, IRecordEncoder<UserRecord> users, IRecordEncoder<TransactionRecord> transactions, RecordTopics topics, int seed,
    int duplicatesPerMille, int poisonPerMille)
{
    private const int RecentCount = 64;

    private readonly Choices _duplicates = new(unchecked(seed + 2_000_003));
    private readonly Poison _poison = new(unchecked(seed + 3_000_017));
    private readonly Outgoing[] _recent = new Outgoing[RecentCount];
    private readonly Queue<Outgoing> _extra = new();
    private long _made;

    /// <summary>The next record, which may be one that is injected.</summary>
    public Outgoing Next()
    {
        if (_extra.TryDequeue(out var extra))
            return extra;
        var record = shop.Next();
        var plain = Encode(record);
        _recent[_made++ % RecentCount] = plain;
        if (IsDue(duplicatesPerMille))
            _extra.Enqueue(_recent[_duplicates.Below((int)Math.Min(_made, RecentCount))] with { Kind = RecordKind.Duplicate });
        if (IsDue(poisonPerMille))
            _extra.Enqueue(_poison.Next(record, Encode));
        return plain;
    }

    // Spread evenly, and in the end exactly the share.
    private bool IsDue(int perMille) => _made * perMille / 1000 > (_made - 1) * perMille / 1000;

    private Outgoing Encode(object record) => record switch
    {
        UserRecord user => new(topics.UserEvents, user.UserId, users.Encode(user), RecordKind.UserEvent),
        TransactionRecord transaction => new(topics.Transactions, transaction.AccountId, transactions.Encode(transaction), RecordKind.Transaction),
        _ => throw new InvalidOperationException($"No encoder for {record.GetType()}."),
    };
}

/// <summary>Where the records of each kind go.</summary>
internal sealed record RecordTopics(string UserEvents, string Transactions);
