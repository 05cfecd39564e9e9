using System.Collections.Immutable;
using Contracts.Accounts;
using Contracts.Records;
using EventStore.Aggregates;

namespace Grains.Accounts;

/// <summary>
/// An account with a balance that is never negative. What cannot be done becomes a rejection event, so that it stands in the statement.
/// </summary>
public sealed record Account : IAggregate<Account, TransactionRecord, IAccountEvent>
{
    /// <summary>The longest id: that of the keys of records.</summary>
    public const int MaxIdLength = 200;

    public static Account Initial { get; } = new();

    public decimal Balance { get; init; }

    /// <summary>The currency of the first movement, or empty before it.</summary>
    public string Currency { get; init; } = "";

    public DateTimeOffset LastMovement { get; init; }

    public long Movements { get; init; }

    public long Rejections { get; init; }

    /// <summary>
    /// The ids of the transfers sent from here. A transfer may arrive as a record and as a command, under different event ids:
    /// its own id decides that it is the same one.
    /// </summary>
    public ImmutableHashSet<string> SentTransfers { get; init; } = [];

    public static Decision<IAccountEvent> Decide(Account state, TransactionRecord r)
    {
        var movement = new Movement(r.TransactionId, r.Amount, r.Currency, r.Timestamp);
        return r.Type switch
        {
            TransactionType.Deposit => Deposit(state, movement),
            TransactionType.Withdrawal => Withdraw(state, movement),
            TransactionType.Payment when state.Refusal(movement, outgoing: true) is { } why =>
                new PaymentRejected(r.Timestamp, r.TransactionId, r.Amount, r.Currency, why),
            TransactionType.Payment => new PaymentMade(r.Timestamp, r.TransactionId, r.Amount, r.Currency),
            TransactionType.Refund when state.Refusal(movement, outgoing: false) is { } why => Decision.Reject(why),
            TransactionType.Refund => new Refunded(r.Timestamp, r.TransactionId, r.Amount, r.Currency),
            TransactionType.Transfer => Send(state, r.AccountId, r.CounterpartyAccountId, movement),
            _ => Decision.Ignore($"nothing to do for {r.Type}"),
        };
    }

    public static Decision<IAccountEvent> Deposit(Account state, Movement m) =>
        state.Refusal(m, outgoing: false) is { } why
            ? Decision.Reject(why)
            : new Deposited(m.At, m.TransactionId, m.Amount, m.Currency);

    public static Decision<IAccountEvent> Withdraw(Account state, Movement m) =>
        state.Refusal(m, outgoing: true) is { } why
            ? new WithdrawalRejected(m.At, m.TransactionId, m.Amount, m.Currency, why)
            : new Withdrawn(m.At, m.TransactionId, m.Amount, m.Currency);

    public static Decision<IAccountEvent> Send(Account state, string from, string? to, Movement m)
    {
        if (state.SentTransfers.Contains(m.TransactionId))
            return Decision.Ignore($"transfer {m.TransactionId} was sent before");
        var why = string.IsNullOrEmpty(to) ? "a transfer needs the account it goes to"
            : to == from ? "an account cannot send a transfer to itself"
            : to.Length > MaxIdLength ? $"an account's id has at most {MaxIdLength} characters"
            : state.Refusal(m, outgoing: true);
        return why is null
            ? new TransferSent(m.At, m.TransactionId, from, to!, m.Amount, m.Currency)
            : new TransferRejected(m.At, m.TransactionId, to ?? "", m.Amount, m.Currency, why);
    }

    public static Decision<IAccountEvent> Receive(Account state, TransferSent t) =>
        state.Refusal(new Movement(t.TransferId, t.Amount, t.Currency, t.At), outgoing: false) is { } why
            ? Decision.Reject(why)
            : new TransferReceived(t.At, t.TransferId, t.From, t.Amount, t.Currency);

    public static Account Apply(Account state, IAccountEvent @event) => @event switch
    {
        Deposited e => state.Moved(e.At, e.Amount, e.Currency),
        Refunded e => state.Moved(e.At, e.Amount, e.Currency),
        TransferReceived e => state.Moved(e.At, e.Amount, e.Currency),
        TransferReturned e => state.Moved(e.At, e.Amount, e.Currency),
        Withdrawn e => state.Moved(e.At, -e.Amount, e.Currency),
        PaymentMade e => state.Moved(e.At, -e.Amount, e.Currency),
        TransferSent e => state.Moved(e.At, -e.Amount, e.Currency) with { SentTransfers = state.SentTransfers.Add(e.TransferId) },
        _ => state with { Rejections = state.Rejections + 1 },
    };

    private Account Moved(DateTimeOffset at, decimal amount, string currency) => this with
    {
        Balance = Balance + amount,
        Currency = Currency.Length == 0 ? currency : Currency,
        LastMovement = at > LastMovement ? at : LastMovement,
        Movements = Movements + 1,
    };

    private string? Refusal(Movement m, bool outgoing) =>
        m.Amount <= 0 ? FormattableString.Invariant($"the amount {m.Amount} is not more than 0")
        : Currency.Length > 0 && m.Currency != Currency ? $"the account is in {Currency}, not in {m.Currency}"
        : outgoing && m.Amount > Balance ? FormattableString.Invariant($"the balance {Balance} does not cover {m.Amount}")
        : null;
}
