using Api.Http;
using Contracts.Records;
using EventPlatform.Intake;
using Grains;
using Microsoft.Extensions.Options;

namespace Api.Events.Ingest;

/// <summary>What users do.</summary>
internal sealed class UserEventsTopic(TopicSchemas schemas, IOptions<IntakeOptions> intake, TimeProvider time)
    : IngestTopic<UserRecord>(schemas, intake, time)
{
    public override string Name => Shop.UserEvents;

    protected override string Marker => nameof(UserRecord.EventType);

    protected override void Check(UserRecord record, Checks checks) => checks.Text("userId", record.UserId);

    protected override (string Key, string EventId, DateTimeOffset Timestamp) Identify(UserRecord record) =>
        (record.UserId, record.EventId, record.Timestamp);
}

/// <summary>Money that moves.</summary>
internal sealed class TransactionsTopic(TopicSchemas schemas, IOptions<IntakeOptions> intake, TimeProvider time)
    : IngestTopic<TransactionRecord>(schemas, intake, time)
{
    public override string Name => Shop.Transactions;

    protected override string Marker => nameof(TransactionRecord.AccountId);

    protected override void Check(TransactionRecord record, Checks checks)
    {
        checks.Text("accountId", record.AccountId);
        checks.Text("transactionId", record.TransactionId);
        checks.CheckMoney(record.Amount, record.Currency);
        if (record.Type == TransactionType.Transfer && string.IsNullOrEmpty(record.CounterpartyAccountId))
            checks.Add("counterpartyAccountId", "A transfer needs the account that the money goes to.");
    }

    protected override (string Key, string EventId, DateTimeOffset Timestamp) Identify(TransactionRecord record) =>
        (record.AccountId, record.EventId, record.Timestamp);
}
