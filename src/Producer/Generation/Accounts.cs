using Contracts.Records;

namespace Producer.Generation;

/// <summary>The users' accounts, one each: more comes in than goes out, but now and then a withdrawal is beyond the balance.</summary>
internal sealed class Accounts(int count)
{
    public TransactionRecord Next(Choices choices, DateTimeOffset at)
    {
        var account = choices.FavouringSmall(count);
        var type = choices.Below(100) switch
        {
            < 45 => TransactionType.Deposit,
            < 62 => TransactionType.Withdrawal,
            < 82 => TransactionType.Payment,
            < 86 => TransactionType.Refund,
            _ => TransactionType.Transfer,
        };
        return new TransactionRecord
        {
            EventId = choices.Id(),
            TransactionId = choices.Id(),
            AccountId = $"acc-{account}",
            UserId = $"user-{account}",
            Type = type,
            Amount = type == TransactionType.Deposit ? choices.Amount(1_000, 100_000) : choices.Amount(100, 40_000),
            Currency = CurrencyOf(account),
            CounterpartyAccountId = type == TransactionType.Transfer ? $"acc-{Counterparty(choices, account)}" : null,
            Timestamp = at,
            Metadata = Visitors.Metadata,
        };
    }

    private static string CurrencyOf(int account) => Visitors.Currencies[account % Visitors.Currencies.Length];

    // Another account with the same currency; now and then the neighbour, whose currency is another one and who cannot take it.
    private int Counterparty(Choices choices, int account)
    {
        var currencies = Visitors.Currencies.Length;
        var alike = (count - account % currencies + currencies - 1) / currencies;
        if (alike < 2 || choices.Below(100) == 0)
            return (account + 1) % count;
        var other = choices.Below(alike - 1) * currencies + account % currencies;
        return other < account ? other : other + currencies;
    }
}
