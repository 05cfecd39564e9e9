using System.Globalization;
using Contracts.Records;
using CsCheck;
using Producer.Generation;
using SchemaRegistry;

namespace Producer.Tests;

public sealed class GenerationTests
{
    private const int Events = 2_000;

    [Fact]
    public void The_same_seed_gives_the_same_bytes_and_another_seed_others() =>
        Gen.Int[0, int.MaxValue].Sample(seed =>
        {
            var bytes = Sources.Bytes(Sources.Run(Sources.Create(seed, duplicates: 20, poison: 10, late: 30), 200)).ToList();
            Assert.Equal(bytes, Sources.Bytes(Sources.Run(Sources.Create(seed, duplicates: 20, poison: 10, late: 30), 200)));
            Assert.Empty(bytes.Intersect(Sources.Bytes(Sources.Run(Sources.Create(seed ^ 1), 200))));
        }, iter: 10);

    [Fact]
    public void A_seed_gives_these_very_bytes_on_every_machine()
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        foreach (var line in Sources.Bytes(Sources.Run(Sources.Create(42), Events)))
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(line + "\n"));
        Assert.Equal("10bcdc3574664e42f8e2f1cffea1919f", Convert.ToHexStringLower(hash.GetHashAndReset())[..32]);
    }

    [Fact]
    public void What_is_injected_does_not_alter_the_other_records() =>
        Gen.Select(Gen.Int, Gen.Int[0, 1000], Gen.Int[0, 1000]).Sample((seed, duplicates, poison) =>
            Assert.Equal(
                Sources.Bytes(Sources.Run(Sources.Create(seed), 100)),
                Sources.Bytes(Sources.Run(Sources.Create(seed, duplicates: duplicates, poison: poison), 100).Where(r => r.IsPlain))), iter: 20);

    [Fact]
    public void Shares_are_exact_and_every_kind_of_poison_comes_as_often()
    {
        var counts = Sources.Run(Sources.Create(1, duplicates: 20, poison: 10), 5_000).CountBy(r => r.Kind).ToDictionary();
        Assert.Equal((5_000, 100), (counts[RecordKind.UserEvent] + counts[RecordKind.Transaction], counts[RecordKind.Duplicate]));
        Assert.All(Enum.GetValues<RecordKind>().Where(kind => kind >= RecordKind.NotAvro), kind => Assert.Equal(10, counts[kind]));
        Assert.InRange(counts[RecordKind.Transaction], 1_300, 1_700);
    }

    [Fact]
    public void A_duplicate_repeats_an_earlier_record_to_the_byte()
    {
        var earlier = new HashSet<string>();
        foreach (var record in Sources.Run(Sources.Create(7, duplicates: 100), Events))
            Assert.Equal(record.Kind != RecordKind.Duplicate, earlier.Add(Sources.Bytes([record]).Single()));
    }

    [Fact]
    public async Task Each_poison_is_what_it_says_and_carries_no_id_of_another_record()
    {
        var records = Sources.Run(Sources.Create(3, transactions: 0, poison: 50), Events);
        var ids = new HashSet<string>();
        foreach (var record in records)
        {
            if (record.Kind is RecordKind.NotAvro or RecordKind.Truncated)
                await Assert.ThrowsAsync<RecordFormatException>(async () => await Sources.Users.DecodeAsync(record.Value));
            else if (record.Kind is RecordKind.UnknownSchema)
                await Assert.ThrowsAsync<UnknownSchemaException>(async () => await Sources.Users.DecodeAsync(record.Value));
            else
                await GoodAsync(record);
        }

        async Task GoodAsync(Outgoing record)
        {
            var decoded = await Sources.Users.DecodeAsync(record.Value);
            Assert.True(ids.Add(decoded.EventId));
            Assert.Equal(record.Kind == RecordKind.NoKey ? null : decoded.UserId, record.Key);
            Assert.Equal(record.Kind == RecordKind.From2090, decoded.Timestamp.Year == 2090);
        }
    }

    [Fact]
    public async Task Late_records_differ_in_their_time_alone()
    {
        var plain = Sources.Run(Sources.Create(9, transactions: 0), Events);
        var late = Sources.Run(Sources.Create(9, transactions: 0, late: 50), Events);
        var count = 0;
        foreach (var (before, after) in plain.Zip(late))
        {
            var (a, b) = (await Sources.Users.DecodeAsync(before.Value), await Sources.Users.DecodeAsync(after.Value));
            Assert.Equal(a with { Timestamp = b.Timestamp, Properties = b.Properties }, b);
            Assert.Contains(a.Timestamp - b.Timestamp, new[] { TimeSpan.Zero, ShopGenerator.Lateness });
            count += a.Timestamp != b.Timestamp ? 1 : 0;
        }

        Assert.InRange(count, 50, 150);
    }

    [Fact]
    public async Task Who_buys_has_logged_in_and_pays_for_the_cart()
    {
        var carts = new Dictionary<string, decimal>();
        var purchases = 0;
        foreach (var record in Sources.Run(Sources.Create(11, transactions: 0), 10_000))
        {
            var e = await Sources.Users.DecodeAsync(record.Value);
            if (e.EventType == EventType.AddToCart)
                carts[e.UserId] = carts.GetValueOrDefault(e.UserId) + Number(e, "price");
            if (e.EventType != EventType.Purchase)
                continue;
            purchases++;
            Assert.NotNull(e.SessionId);
            Assert.Matches(@"^\d+\.\d\d$", e.Properties["amount"]);
            Assert.Equal(carts[e.UserId], Number(e, "amount"));
            carts.Remove(e.UserId);
        }

        Assert.InRange(purchases, 200, 1_000);
        static decimal Number(UserRecord e, string name) => decimal.Parse(e.Properties[name], CultureInfo.InvariantCulture);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(50)]
    public async Task A_transfer_goes_to_another_account_and_mostly_in_its_currency(int users)
    {
        var (transfers, foreign) = (0, 0);
        foreach (var record in Sources.Run(Sources.Create(13, transactions: 1000, users: users), Events))
        {
            var t = await Sources.Transactions.DecodeAsync(record.Value);
            Assert.Equal(t.Type == TransactionType.Transfer, t.CounterpartyAccountId is not null);
            if (t.CounterpartyAccountId is null)
                continue;
            transfers++;
            Assert.NotEqual(t.AccountId, t.CounterpartyAccountId);
            var number = int.Parse(t.CounterpartyAccountId["acc-".Length..], CultureInfo.InvariantCulture);
            Assert.InRange(number, 0, users - 1);
            foreign += Visitors.Currencies[number % 3] == t.Currency ? 0 : 1;
        }

        Assert.InRange(transfers, Events / 10, Events / 5);
        if (users == 50)
            Assert.InRange(foreign, 0, transfers / 10);
    }
}
