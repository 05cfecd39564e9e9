using System.Text.Json;
using Contracts.Records;

namespace Chaos.Checking;

/// <summary>Money is neither made nor lost: what a record says is booked, what leaves an account arrives once, and no balance is negative.</summary>
internal static class MoneyChecks
{
    public static IEnumerable<Violation> Check(Facts facts)
    {
        var movements = facts.Store.Events.Where(e => e.StreamKey.StartsWith("account/", StringComparison.Ordinal)).Select(Movement.Of).ToArray();
        return Booked(facts, movements).Concat(Transfers(movements)).Concat(Balances(movements));
    }

    private static IEnumerable<Violation> Booked(Facts facts, Movement[] movements)
    {
        foreach (var m in movements)
        {
            if (m.Event.Record is { } place && facts.ByPlace.TryGetValue(place, out var sent) && sent.Transaction is { } t && (m.Amount != t.Amount || m.Id != t.TransactionId))
                yield return facts.Of(ViolationClass.Altered, $"{place} is a {t.Type} of {t.Amount} ({t.TransactionId}), but {m.Amount} ({m.Id}) is stored", place);
            else if (m.Event.Record is { } from && facts.ByPlace.TryGetValue(from, out var record) && record.Transaction is { } was && !TypesOf(was.Type).Contains(m.Event.Type))
                yield return facts.Of(ViolationClass.Altered, $"{from} is a {was.Type}, but {m.Event.Type} is stored", from);
        }
    }

    private static string[] TypesOf(TransactionType type) => type switch
    {
        TransactionType.Deposit => ["account-deposited"],
        TransactionType.Withdrawal => ["account-withdrawn", "account-withdrawal-rejected"],
        TransactionType.Payment => ["account-payment-made", "account-payment-rejected"],
        TransactionType.Refund => ["account-refunded"],
        _ => ["account-transfer-sent", "account-transfer-rejected"],
    };

    private static IEnumerable<Violation> Transfers(Movement[] movements)
    {
        var sent = movements.Where(m => m.Event.Type == "account-transfer-sent").ToLookup(m => (From: m.Account, m.Id));
        var ended = movements.Where(m => m.Event.Type is "account-transfer-received" or "account-transfer-returned")
            .ToLookup(m => (From: m.Event.Type == "account-transfer-received" ? m.Other! : m.Account, m.Id));
        foreach (var key in sent.Select(g => g.Key).Union(ended.Select(g => g.Key)))
        {
            var (outgoing, incoming) = (sent[key].Sum(m => m.Amount), ended[key].Sum(m => m.Amount));
            if (outgoing != incoming || sent[key].Count() > 1)
                yield return new(ViolationClass.Money, $"transfer {key.Id} from {key.From}: {outgoing} sent, {incoming} arrived or returned", sent[key].FirstOrDefault()?.Event.Record,
                    [.. sent[key].Concat(ended[key]).OrderBy(m => m.Event.Sequence).Select(m => $"event {m.Event.Sequence}: {m.Event.Type} of {m.Amount} on {m.Account}")]);
        }
    }

    private static IEnumerable<Violation> Balances(Movement[] movements)
    {
        foreach (var account in movements.GroupBy(m => m.Account))
        {
            var balance = 0m;
            foreach (var m in account.OrderBy(m => m.Event.Version))
            {
                balance += m.Sign * m.Amount;
                if (balance >= 0)
                    continue;
                yield return new(ViolationClass.Money, $"account {account.Key} has {balance} after version {m.Event.Version}", m.Event.Record, []);
                break;
            }
        }
    }

    private sealed record Movement(Event Event, string Account, string Id, decimal Amount, string? Other, int Sign)
    {
        public static Movement Of(Event e)
        {
            using var data = JsonDocument.Parse(e.Data);
            var root = data.RootElement;
            string? Text(string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            var sign = e.Type switch
            {
                "account-deposited" or "account-refunded" or "account-transfer-received" or "account-transfer-returned" => 1,
                "account-withdrawn" or "account-payment-made" or "account-transfer-sent" => -1,
                _ => 0,
            };
            return new(e, e.StreamKey["account/".Length..], Text("transactionId") ?? Text("transferId") ?? "", root.TryGetProperty("amount", out var amount) ? amount.GetDecimal() : 0, Text("from"), sign);
        }
    }
}
