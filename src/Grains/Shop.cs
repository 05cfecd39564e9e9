using Contracts.Accounts;
using Contracts.Records;
using Contracts.Users;
using EventPlatform;
using EventPlatform.Publishing;
using Grains.Accounts;
using Grains.Jobs;
using Grains.Users;

namespace Grains;

/// <summary>The sample shop: everything it is made of, in one place. Silos and clients say the same.</summary>
public static class Shop
{
    public const string UserEvents = "user-events";
    public const string Transactions = "transactions";
    public const string UserDomainEvents = "user-domain-events";
    public const string AccountDomainEvents = "account-domain-events";

    public static void Define(PlatformBuilder platform)
    {
        DefineAggregates(platform);
        foreach (var job in ShopJobs.All)
            platform.Job(job);
    }

    private static void DefineAggregates(PlatformBuilder platform) => platform
        .Topic<UserRecord>(UserEvents, key: r => r.UserId, eventId: r => r.EventId, time: r => r.Timestamp)
        .Topic<TransactionRecord>(Transactions, key: r => r.AccountId, eventId: r => r.EventId, time: r => r.Timestamp)
        .Aggregate<UserGrain>(from: UserEvents)
        .Aggregate<AccountGrain>(from: Transactions)
        .Projection<UserProfiles>()
        .Projection<PurchasesByDay>()
        .Projection<RecentActivity>()
        .Projection<AccountBalances>()
        .Subscriber<TransferCourier>()
        .PublishEvents<IUserEvent>(to: UserDomainEvents, time: e => e.At)
        .PublishEvents<IAccountEvent>(to: AccountDomainEvents, time: e => e.At)
        .Topic<DomainEvent>(AccountDomainEvents, key: e => e.Entity, eventId: e => e.EventId, time: e => e.Timestamp);
}
