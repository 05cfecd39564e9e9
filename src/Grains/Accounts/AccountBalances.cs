using System.Collections.Immutable;
using Contracts.Accounts;
using EventStore.Projections;

namespace Grains.Accounts;

/// <summary>An account's balance, with the newest lines of its statement.</summary>
public sealed record AccountBalance(decimal Balance, string Currency, long Movements, long Rejections, DateTimeOffset LastMovement, ImmutableList<StatementLine> Newest)
    : IDocument<AccountBalance>
{
    public static AccountBalance Initial { get; } = new(0, "", 0, 0, default, []);
}

/// <summary>A line of a statement.</summary>
/// <param name="At">When.</param>
/// <param name="What">The event's name.</param>
/// <param name="Id">The transaction's or transfer's id.</param>
/// <param name="Amount">What the balance changed by; 0 for a rejection.</param>
/// <param name="Balance">The balance after it.</param>
/// <param name="Note">The other account, or why it was rejected.</param>
public sealed record StatementLine(DateTimeOffset At, string What, string Id, decimal Amount, decimal Balance, string? Note);

/// <summary>A document per account.</summary>
public sealed class AccountBalances : StreamProjection<AccountBalance>
{
    /// <summary>How many lines a document keeps; the whole statement is the account's events.</summary>
    public const int NewestLines = 50;

    public AccountBalances()
        : base("account-balances", version: 1)
    {
        OrderBy(d => d.Balance);
        On<Deposited>((doc, e) => Moved(doc, e, e.TransactionId, e.Amount, e.Currency, "deposit"));
        On<Refunded>((doc, e) => Moved(doc, e, e.TransactionId, e.Amount, e.Currency, "refund"));
        On<Withdrawn>((doc, e) => Moved(doc, e, e.TransactionId, -e.Amount, e.Currency, "withdrawal"));
        On<PaymentMade>((doc, e) => Moved(doc, e, e.TransactionId, -e.Amount, e.Currency, "payment"));
        On<TransferSent>((doc, e) => Moved(doc, e, e.TransferId, -e.Amount, e.Currency, "transfer sent", e.To));
        On<TransferReceived>((doc, e) => Moved(doc, e, e.TransferId, e.Amount, e.Currency, "transfer received", e.From));
        On<TransferReturned>((doc, e) => Moved(doc, e, e.TransferId, e.Amount, e.Currency, "transfer returned", e.Reason));
        On<WithdrawalRejected>((doc, e) => Rejected(doc, e, e.TransactionId, "withdrawal rejected", e.Reason));
        On<PaymentRejected>((doc, e) => Rejected(doc, e, e.TransactionId, "payment rejected", e.Reason));
        On<TransferRejected>((doc, e) => Rejected(doc, e, e.TransferId, "transfer rejected", e.Reason));
    }

    private static AccountBalance Moved(AccountBalance doc, IAccountEvent e, string id, decimal amount, string currency, string what, string? note = null) => doc with
    {
        Balance = doc.Balance + amount,
        Currency = doc.Currency.Length == 0 ? currency : doc.Currency,
        Movements = doc.Movements + 1,
        LastMovement = e.At > doc.LastMovement ? e.At : doc.LastMovement,
        Newest = With(doc.Newest, new StatementLine(e.At, what, id, amount, doc.Balance + amount, note)),
    };

    private static AccountBalance Rejected(AccountBalance doc, IAccountEvent e, string id, string what, string why) => doc with
    {
        Rejections = doc.Rejections + 1,
        Newest = With(doc.Newest, new StatementLine(e.At, what, id, 0, doc.Balance, why)),
    };

    // Newest first.
    private static ImmutableList<StatementLine> With(ImmutableList<StatementLine> lines, StatementLine line) =>
        (lines.Count < NewestLines ? lines : lines.RemoveAt(lines.Count - 1)).Insert(0, line);
}
