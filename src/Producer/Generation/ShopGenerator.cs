using Contracts.Records;

namespace Producer.Generation;

/// <summary>The shop's life as records. Everything but the time follows from the seed.</summary>
/// <param name="seed">Of all random choices.</param>
/// <param name="timeOf">When the record with a number happened.</param>
/// <param name="users">How many users there are, each with an account.</param>
/// <param name="transactionsPerMille">Of 1,000 records, how many are transactions.</param>
/// <param name="latePerMille">Of 1,000 records, how many are late in event time.</param>
internal sealed class ShopGenerator(int seed, Func<long, DateTimeOffset> timeOf, int users, int transactionsPerMille, int latePerMille)
{
    /// <summary>How late the late ones are.</summary>
    public static readonly TimeSpan Lateness = TimeSpan.FromSeconds(120);

    private readonly Choices _choices = new(seed);
    private readonly Choices _lateness = new(unchecked(seed + 1_000_003));
    private readonly Visitors _visitors = new(users);
    private readonly Accounts _accounts = new(users);
    private long _count;

    /// <summary>The next record: a <see cref="UserRecord"/> or a <see cref="TransactionRecord"/>.</summary>
    public object Next()
    {
        var at = timeOf(_count++);
        if (_lateness.PerMille(latePerMille))
            at -= Lateness;
        return _choices.PerMille(transactionsPerMille) ? _accounts.Next(_choices, at) : _visitors.Next(_choices, at);
    }
}
