using Contracts.Users;
using EventStore.Projections;

namespace Grains.Users;

/// <summary>The purchases of a day in a currency.</summary>
public sealed record PurchasesOnDay(long Count, decimal Total) : IDocument<PurchasesOnDay>
{
    public static PurchasesOnDay Initial { get; } = new(0, 0);
}

/// <summary>Purchases per day (UTC, by the event's own time) and currency; keys read <c>2026-01-31:EUR</c>.</summary>
public sealed class PurchasesByDay : Projection<PurchasesOnDay, (DateOnly Day, string Currency)>
{
    public PurchasesByDay()
        : base("purchases-by-day", version: 1)
    {
        OrderIndependent = true;
        On<PurchaseMade>(
            key: e => (DateOnly.FromDateTime(e.At.UtcDateTime), e.Currency),
            apply: (doc, e) => new PurchasesOnDay(doc.Count + 1, doc.Total + e.Amount));
    }
}
