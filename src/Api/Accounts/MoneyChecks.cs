using EventPlatform.AspNetCore.Http;

namespace Api.Accounts;

/// <summary>Checks of money in requests.</summary>
internal static class MoneyChecks
{
    public static void CheckMoney(this Checks checks, decimal amount, string? currency)
    {
        if (amount is <= 0 or > Contracts.Money.Max || decimal.Round(amount, 2) != amount)
            checks.Add("amount", "It must be more than 0, at most 16 digits long, and have at most two decimals.");
        if (currency is not { Length: 3 } || !currency.All(char.IsAsciiLetterUpper))
            checks.Add("currency", "It must be an ISO 4217 code such as EUR.");
    }
}
