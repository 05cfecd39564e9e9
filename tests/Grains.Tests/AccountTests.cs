using Contracts.Accounts;
using Contracts.Records;
using CsCheck;
using Grains.Accounts;
using static EventStore.Testing.Scenario;
using static Grains.Tests.Records;

namespace Grains.Tests;

public sealed class AccountTests
{
    private static readonly Deposited Hundred = new(At, "d", 100m, "EUR");

    [Fact]
    public void A_withdrawal_within_the_balance_is_made() =>
        Given<Account>(Hundred).When(Transaction(TransactionType.Withdrawal, 100m)).Then(new Withdrawn(At, "t1", 100m, "EUR"));

    [Fact]
    public void A_withdrawal_beyond_the_balance_becomes_a_rejection_event() =>
        Given<Account>(Hundred).When(Transaction(TransactionType.Withdrawal, 100.01m))
            .Then(new WithdrawalRejected(At, "t1", 100.01m, "EUR", "the balance 100 does not cover 100.01"));

    [Fact]
    public void A_rejection_leaves_the_balance_alone() =>
        Assert.Equal(100m, Given<Account>(Hundred, new WithdrawalRejected(At, "t", 500m, "EUR", "no")).State.Balance);

    [Fact]
    public void A_transfer_takes_the_money_from_the_sender_once() =>
        Given<Account>(Hundred).When(Transaction(TransactionType.Transfer, 40m, to: "b")).Then(new TransferSent(At, "t1", "a", "b", 40m, "EUR"))
            .When(Transaction(TransactionType.Transfer, 40m, to: "b")).ThenIgnored("transfer t1 was sent before");

    [Fact]
    public void The_same_transfer_as_a_command_and_as_a_record_is_one_transfer() =>
        Given<Account>(Hundred, new TransferSent(At, "t1", "a", "b", 40m, "EUR"))
            .When(s => Account.Send(s, "a", "b", new Movement("t1", 40m, "EUR", At))).ThenIgnored();

    [Theory]
    [InlineData(40, null, "a transfer needs the account it goes to")]
    [InlineData(40, "a", "an account cannot send a transfer to itself")]
    [InlineData(400, "b", "the balance 100 does not cover 400.0")]
    public void A_transfer_that_cannot_be_made_is_rejected_before_money_moves(double amount, string? to, string reason) =>
        Given<Account>(Hundred).When(Transaction(TransactionType.Transfer, (decimal)amount + 0.0m, to: to))
            .Then(new TransferRejected(At, "t1", to ?? "", (decimal)amount + 0.0m, "EUR", reason));

    [Fact]
    public void A_receiver_in_another_currency_cannot_take_a_transfer() =>
        Given<Account>(Hundred).When(s => Account.Receive(s, new TransferSent(At, "t", "x", "a", 5m, "USD"))).ThenRejected("the account is in EUR, not in USD");

    [Fact]
    public void Returned_money_is_back_where_it_came_from() =>
        Assert.Equal(100m, Given<Account>(Hundred, new TransferSent(At, "t", "a", "b", 40m, "EUR"), new TransferReturned(At, "t", "b", 40m, "EUR", "no")).State.Balance);

    [Fact]
    public void A_balance_is_never_negative_and_adds_up_whatever_is_asked()
    {
        var asked = Gen.Select(Gen.Enum<TransactionType>(), Gen.Int[-100, 20_000], Gen.Int[0, 8]).Array[1, 60];
        asked.Sample(transactions =>
        {
            var (state, sum) = (Account.Initial, 0m);
            foreach (var (type, cents, id) in transactions)
            {
                foreach (var e in Account.Decide(state, Transaction(type, cents / 100m, id: $"t{id}", to: "b")).Events)
                {
                    state = Account.Apply(state, e);
                    sum += e switch
                    {
                        Deposited d => d.Amount,
                        Refunded r => r.Amount,
                        Withdrawn w => -w.Amount,
                        PaymentMade p => -p.Amount,
                        TransferSent t => -t.Amount,
                        _ => 0,
                    };
                }

                Assert.True(state.Balance >= 0 && state.Balance == sum, $"balance {state.Balance}, sum {sum}");
            }
        });
    }
}
