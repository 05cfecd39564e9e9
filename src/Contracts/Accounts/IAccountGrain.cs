using EventStore;
using EventStore.Aggregates;
using Orleans.Concurrency;

namespace Contracts.Accounts;

/// <summary>One account; the key is the account's id. An account has the currency of its first movement.</summary>
[Alias("shop.account")]
public interface IAccountGrain : IGrainWithStringKey
{
    /// <summary>The account as of the newest committed event, or null when there has been none.</summary>
    [Alias("get")] Task<AccountView?> Get();

    /// <summary>The same as soon as it includes a record, or as it is after a while. It does not hold up anything else.</summary>
    [Alias("get-including"), AlwaysInterleave] Task<AccountView?> GetIncluding(RecordCoordinates record, TimeSpan atMost);

    /// <summary>Puts money in.</summary>
    [Alias("deposit")] Task<Receipt> Deposit(CommandId id, Movement movement);

    /// <summary>Takes money out. More than the balance is rejected.</summary>
    [Alias("withdraw")] Task<Receipt> Withdraw(CommandId id, Movement movement);

    /// <summary>Sends money to another account: the first leg. The second follows by itself, also after a crash.</summary>
    [Alias("send")] Task<Receipt> SendTransfer(CommandId id, string to, Movement movement);

    /// <summary>Takes the money of a transfer: the second leg. For the transfer courier only.</summary>
    [Alias("receive")] Task<Receipt> ReceiveTransfer(CommandId id, TransferSent transfer);

    /// <summary>Takes back the money of a transfer that its receiver could not take. For the transfer courier only.</summary>
    [Alias("return")] Task<Receipt> ReturnTransfer(CommandId id, TransferSent transfer, string reason);
}

/// <summary>An amount of money moving at a time.</summary>
/// <param name="TransactionId">The transaction's or transfer's id.</param>
/// <param name="Amount">More than 0, at most two decimals.</param>
/// <param name="Currency">ISO 4217, upper case.</param>
/// <param name="At">When.</param>
[GenerateSerializer, Immutable, Alias("shop.movement")]
public sealed record Movement(
    [property: Id(0)] string TransactionId, [property: Id(1)] decimal Amount, [property: Id(2)] string Currency, [property: Id(3)] DateTimeOffset At);

/// <summary>An account, as an answer.</summary>
[GenerateSerializer, Immutable, Alias("shop.account-view")]
public sealed record AccountView(
    [property: Id(0)] string Id, [property: Id(1)] long Version, [property: Id(2)] IReadOnlyList<RecordCoordinates> Positions,
    [property: Id(3)] decimal Balance, [property: Id(4)] string Currency, [property: Id(5)] DateTimeOffset LastMovement, [property: Id(6)] long Movements,
    [property: Id(7)] long Rejections);
