using System.Text;
using Chaos.Checking;
using Contracts.Records;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace Chaos.Load;

/// <summary>A record that is ready to be sent.</summary>
internal sealed record Outgoing(string Topic, string? Key, byte[] Value, Guid? Id, RecordKind Kind, TransactionRecord? Transaction);

/// <summary>
/// Makes the shop's records from a seed: keys by Zipf's law, one in fifty a repetition, one in a hundred unusable, one in fifty late in event time, one in three a
/// transaction, of which one in five is a transfer.
/// </summary>
internal sealed class Shop(int seed, int keys, AvroRecordEncoder<UserRecord> users, AvroRecordEncoder<TransactionRecord> transactions)
{
    private const int Remembered = 200;
    private static readonly EventMetadata Metadata = new() { ProducerId = "chaos" };
    private readonly Random _random = new(seed);
    private readonly Zipf _zipf = new(keys);
    private readonly List<Outgoing> _recent = [];
    private int _poison;

    /// <summary>A shop whose records are encoded with the schemas beside this program.</summary>
    public static async Task<Shop> OpenAsync(int seed, int keys)
    {
        var files = await new FolderSchemaRegistry(Path.Combine(AppContext.BaseDirectory, "schemas")).ListAsync();
        return new(seed, keys, new(files.Last(s => s.Subject == "user-events-value")), new(files.Last(s => s.Subject == "transactions-value")));
    }

    public Outgoing Next()
    {
        var dice = _random.Next(1000);
        if (dice < 20 && _recent.Count > 0)
            return _recent[_random.Next(_recent.Count)] with { Kind = RecordKind.Duplicate };
        var late = _random.Next(50) == 0;
        var at = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.AddSeconds(late ? -120 : 0).ToUnixTimeMilliseconds());
        var good = _random.Next(3) == 0 ? Transaction(at) : User(at);
        if (dice is >= 20 and < 30)
            return Spoilt(good);
        if (_recent.Count < Remembered)
            _recent.Add(good);
        else
            _recent[_random.Next(Remembered)] = good;
        return good;
    }

    private Outgoing User(DateTimeOffset at)
    {
        var user = _zipf.Next(_random);
        var type = _random.Next(20) switch
        {
            0 => EventType.Registration,
            1 => EventType.Login,
            2 => EventType.Logout,
            3 or 4 => EventType.AddToCart,
            5 or 6 => EventType.Purchase,
            7 or 8 => EventType.Search,
            _ => EventType.PageView,
        };
        var properties = type switch
        {
            EventType.Purchase => new Dictionary<string, string> { ["amount"] = FormattableString.Invariant($"{_random.Next(1, 90)}.50"), ["currency"] = "EUR" },
            EventType.AddToCart => new() { ["item"] = $"product-{_random.Next(50)}" },
            EventType.Search => new() { ["query"] = "shoes", ["results_count"] = "7" },
            EventType.Registration => new() { ["name"] = $"User {user}", ["email"] = $"user-{user}@example.com" },
            _ => [],
        };
        var id = NewId();
        var record = new UserRecord
        {
            EventId = id.ToString(),
            UserId = $"user-{user}",
            SessionId = $"session-{user}-{_random.Next(3)}",
            EventType = type,
            Timestamp = at,
            PageUrl = $"/products/{_random.Next(50)}",
            DeviceType = DeviceType.Mobile,
            Properties = properties,
            Metadata = Metadata,
        };
        return new("user-events", record.UserId, users.Encode(record), id, RecordKind.Good, null);
    }

    private Outgoing Transaction(DateTimeOffset at)
    {
        var account = _zipf.Next(_random);
        var type = _random.Next(20) switch
        {
            < 10 => TransactionType.Deposit,
            < 13 => TransactionType.Withdrawal,
            < 16 => TransactionType.Payment,
            _ => TransactionType.Transfer,
        };
        var id = NewId();
        var record = new TransactionRecord
        {
            EventId = id.ToString(),
            TransactionId = NewId().ToString(),
            AccountId = $"acc-{account}",
            UserId = $"user-{account}",
            Type = type,
            Amount = _random.Next(type == TransactionType.Deposit ? 5_000 : 100, 20_000) / 100m,
            Currency = "EUR",
            CounterpartyAccountId = type == TransactionType.Transfer ? $"acc-{(account + 1 + _random.Next(keys - 1)) % keys}" : null,
            Timestamp = at,
            Metadata = Metadata,
        };
        return new("transactions", record.AccountId, transactions.Encode(record), id, RecordKind.Good, record);
    }

    private Outgoing Spoilt(Outgoing good)
    {
        var spoilt = good with { Id = null, Kind = RecordKind.Poison, Transaction = null };
        return (_poison++ % 4) switch
        {
            0 => spoilt with { Value = Encoding.UTF8.GetBytes("this is not Avro") },
            1 => spoilt with { Value = good.Value[..(good.Value.Length / 2)] },
            2 => spoilt with { Value = [0, 0x7f, 0xff, 0xff, 0xff, .. good.Value[WireFormat.HeaderLength..]] },
            _ => spoilt with { Key = null },
        };
    }

    private Guid NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        _random.NextBytes(bytes);
        return new Guid(bytes);
    }
}
