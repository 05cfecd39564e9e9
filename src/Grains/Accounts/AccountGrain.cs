using Contracts.Accounts;
using Contracts.Records;
using EventPlatform.Intake;
using EventStore;
using EventStore.Aggregates;

namespace Grains.Accounts;

/// <summary>One account: takes the account's transactions, and commands.</summary>
public sealed class AccountGrain : EventSourcedGrain<Account, TransactionRecord, IAccountEvent>, IAccountGrain
{
    public async Task<AccountView?> Get()
    {
        await LoadAsync();
        return View();
    }

    public async Task<AccountView?> GetIncluding(RecordCoordinates record, TimeSpan atMost)
    {
        await WaitForAsync(record, atMost);
        return View();
    }

    public Task<Receipt> Deposit(CommandId id, Movement movement) => Execute(id, s => Account.Deposit(s, movement));

    public Task<Receipt> Withdraw(CommandId id, Movement movement) => Execute(id, s => Account.Withdraw(s, movement));

    public Task<Receipt> SendTransfer(CommandId id, string to, Movement movement) => Execute(id, s => Account.Send(s, Key, to, movement));

    public Task<Receipt> ReceiveTransfer(CommandId id, TransferSent transfer) => Execute(id, s => Account.Receive(s, transfer));

    public Task<Receipt> ReturnTransfer(CommandId id, TransferSent transfer, string reason) => Execute(id, _ =>
        new TransferReturned(transfer.At, transfer.TransferId, transfer.To, transfer.Amount, transfer.Currency, reason));

    private AccountView? View()
    {
        var s = State;
        return Version == 0 && Positions.Count == 0 ? null : new AccountView(
            Key, Version, Positions, s.Balance, s.Currency, s.LastMovement, s.Movements, s.Rejections);
    }
}
