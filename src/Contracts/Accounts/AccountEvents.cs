using EventStore.Aggregates;

namespace Contracts.Accounts;

/// <summary>Everything that happens to an account.</summary>
public interface IAccountEvent
{
    /// <summary>When it happened, as the record said; never when it was stored.</summary>
    DateTimeOffset At { get; }
}

/// <summary>Money came in from outside.</summary>
[EventName("account-deposited")]
public sealed record Deposited(DateTimeOffset At, string TransactionId, decimal Amount, string Currency) : IAccountEvent;

/// <summary>Money was taken out.</summary>
[EventName("account-withdrawn")]
public sealed record Withdrawn(DateTimeOffset At, string TransactionId, decimal Amount, string Currency) : IAccountEvent;

/// <summary>A withdrawal was refused; the balance stands.</summary>
[EventName("account-withdrawal-rejected")]
public sealed record WithdrawalRejected(DateTimeOffset At, string TransactionId, decimal Amount, string Currency, string Reason) : IAccountEvent;

/// <summary>The shop was paid.</summary>
[EventName("account-payment-made")]
public sealed record PaymentMade(DateTimeOffset At, string TransactionId, decimal Amount, string Currency) : IAccountEvent;

/// <summary>A payment was refused; the balance stands.</summary>
[EventName("account-payment-rejected")]
public sealed record PaymentRejected(DateTimeOffset At, string TransactionId, decimal Amount, string Currency, string Reason) : IAccountEvent;

/// <summary>The shop paid back.</summary>
[EventName("account-refunded")]
public sealed record Refunded(DateTimeOffset At, string TransactionId, decimal Amount, string Currency) : IAccountEvent;

/// <summary>The first leg of a transfer: the money has left this account and is on its way.</summary>
[GenerateSerializer, Immutable, Alias("shop.transfer-sent")]
[EventName("account-transfer-sent")]
public sealed record TransferSent(
    [property: Id(0)] DateTimeOffset At, [property: Id(1)] string TransferId, [property: Id(2)] string From, [property: Id(3)] string To,
    [property: Id(4)] decimal Amount, [property: Id(5)] string Currency) : IAccountEvent;

/// <summary>A transfer was refused before any money moved.</summary>
[EventName("account-transfer-rejected")]
public sealed record TransferRejected(DateTimeOffset At, string TransferId, string To, decimal Amount, string Currency, string Reason) : IAccountEvent;

/// <summary>The second leg of a transfer: the money has arrived.</summary>
[EventName("account-transfer-received")]
public sealed record TransferReceived(DateTimeOffset At, string TransferId, string From, decimal Amount, string Currency) : IAccountEvent;

/// <summary>The receiver could not take the money: it is back where it came from.</summary>
[EventName("account-transfer-returned")]
public sealed record TransferReturned(DateTimeOffset At, string TransferId, string To, decimal Amount, string Currency, string Reason) : IAccountEvent;
