using System.Text.Json.Nodes;
using Api.Accounts;
using Contracts.Records;
using EventPlatform.AspNetCore.Events.Ingest;
using EventPlatform.AspNetCore.Http;
using EventPlatform.Intake;
using EventPlatform.Topics;
using Grains;
using Microsoft.Extensions.Options;

namespace Api.Ingest;

/// <summary>A topic of the shop: what <c>POST /events</c> knows its records by, and what they have beyond their types.</summary>
internal abstract class ShopTopic<T>(string name, PlatformTopics platform, TopicSchemas schemas, IOptions<IntakeOptions> intake, TimeProvider time)
    : IngestTopic<T>((TopicDefinition<T>)platform.Find(name)!, schemas, intake, time), IShopTopic
    where T : class
{
    public abstract string Marker { get; }

    protected override bool ChecksIncompleteRecords => true;

    protected override JsonObject Defaults(string? identity, DateTimeOffset now)
    {
        var defaults = base.Defaults(identity, now);
        defaults["metadata"] = new JsonObject { ["producerId"] = "http" };
        return defaults;
    }
}

/// <summary>A topic that a record's own fields name.</summary>
internal interface IShopTopic : IIngestTopic
{
    /// <summary>A field that only this topic's records have.</summary>
    string Marker { get; }
}

/// <summary>What users do.</summary>
internal sealed class UserEventsTopic(PlatformTopics platform, TopicSchemas schemas, IOptions<IntakeOptions> intake, TimeProvider time)
    : ShopTopic<UserRecord>(Shop.UserEvents, platform, schemas, intake, time)
{
    public override string Marker => nameof(UserRecord.EventType);

    protected override void Check(UserRecord record, Checks checks) => checks.Text("userId", record.UserId);
}

/// <summary>Money that moves.</summary>
internal sealed class TransactionsTopic(PlatformTopics platform, TopicSchemas schemas, IOptions<IntakeOptions> intake, TimeProvider time)
    : ShopTopic<TransactionRecord>(Shop.Transactions, platform, schemas, intake, time)
{
    public override string Marker => nameof(TransactionRecord.AccountId);

    protected override void Check(TransactionRecord record, Checks checks)
    {
        checks.Text("accountId", record.AccountId);
        checks.Text("transactionId", record.TransactionId);
        checks.CheckMoney(record.Amount, record.Currency);
        if (record.Type == TransactionType.Transfer && string.IsNullOrEmpty(record.CounterpartyAccountId))
            checks.Add("counterpartyAccountId", "A transfer needs the account that the money goes to.");
    }
}
