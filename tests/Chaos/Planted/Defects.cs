using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Chaos.Schedule;
using Contracts.Accounts;
using Contracts.Records;
using Contracts.Users;
using EventStore.Appending;
using EventStore.Projections;
using Grains.Accounts;
using Grains.Users;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Streams.Kafka;
using SchemaRegistry;

namespace Chaos.Planted;

/// <summary>The planted defects.</summary>
internal static class Defects
{
    private static int _count;

    public static IReadOnlyList<Defect> All { get; } =
    [
        // Checkpoints.
        new("checkpoint-ahead", "each checkpoint says 500 records more than are done", s => s.Checkpoint((_, _, next, save) => save(next + 500))),
        new("checkpoint-of-the-maximum", "the checkpoint is the highest offset that was seen, not the lowest that is missing", PlantMaximum, FaultKind.SiloKilled),
        new("checkpoint-never-saved", "a checkpoint is said to be saved and is not", s => s.Checkpoint((_, _, _, _) => new(true))),
        new("partition-forgotten", "the checkpoints of one partition are not saved", s => s.Checkpoint((topic, partition, next, save) => topic == "user-events" && partition == 2 ? new(true) : save(next))),

        // Jobs.
        new("job-record-misread", "jobs read one record in a hundred as the one before it", s => s.JobReader(() => Every(100))),

        // Durability.
        new("acknowledged-before-commit", "an append is called durable three seconds before it is written", s => s.Commit(async (append, next) =>
        {
            _ = Task.Delay(3_000).ContinueWith(_ => next(append).AsTask(), TaskScheduler.Default);
            await Task.Yield();
            return Committed(append);
        })),
        new("append-dropped", "one append in a hundred is called durable and never written", s => s.Commit((append, next) => Every(100) ? new(Committed(append)) : next(append))),
        new("outage-taken-for-success", "when the store cannot be reached, the append is called durable", s => s.Commit(async (append, next) =>
        {
            try
            {
                return await next(append);
            }
            catch (StoreUnavailableException)
            {
                return Committed(append);
            }
        }), FaultKind.BackendsTerminated, FaultKind.PostgresStoppedImmediately, FaultKind.BackendsTerminated),
        new("outage-taken-for-a-bad-record", "when the store cannot be reached, the records are refused", s => s.Commit(async (append, next) =>
        {
            try
            {
                return await next(append);
            }
            catch (StoreUnavailableException e)
            {
                return new AppendVerdict.Refused(e.Message, null);
            }
        }), FaultKind.BackendsTerminated, FaultKind.PostgresStoppedImmediately, FaultKind.BackendsTerminated),

        // Batches.
        new("batch-half-applied", "the last event of a batch is dropped, its position kept", s => s.Change(a => a.Events.Count > 1 ? a with { Events = [.. a.Events.SkipLast(1)] } : a)),
        new("batch-first-event-lost", "the first event of a batch is dropped", s => s.Change(a => a.Events.Count > 1 ? a with { Events = [.. a.Events.Skip(1)] } : a)),
        new("batch-reordered", "two events of a batch change places", s => s.Change(a => a.Events.Count > 1 ? a with { Events = [.. a.Events.Reverse()] } : a)),
        new("event-written-twice", "one event in fifty is written twice, under a new id", s => s.Change(a => a.Events is [.., var last] && Every(50) ? a with { Events = [.. a.Events, last with { Id = Guid.NewGuid() }] } : a)),

        // Identity.
        new("position-check-skipped", "streams do not know what they have read: a redelivery counts as the producer's repetition", PlantNoPositions, FaultKind.SiloKilled, FaultKind.SiloKilled),
        new("position-not-written", "one append in fifty does not move its stream's position", s => s.Change(a => a.Positions.Count > 0 && Every(50) ? a with { Positions = [] } : a)),
        new("id-check-skipped", "an id that is taken is replaced by a new one", s => s.Commit(async (append, next) => await next(append) is AppendVerdict.Duplicate duplicate
            ? await next(append with { Events = [.. append.Events.Select(e => duplicate.Known.Any(k => k.Id == e.Id) ? e with { Id = Guid.NewGuid() } : e)] }) : await next(append))),
        new("coordinates-off-by-one", "an event says that it comes from the record after its own", s => s.Change(a => Every(50) ? a with
        {
            Events = [.. a.Events.Select(e => e.Source.Record is { } r ? e with { Source = e.Source with { Record = r with { Offset = r.Offset + 1 } } } : e)],
        } : a)),
        new("stranger's-stream", "the events of a new stream go to another one", s => s.Change(a => a is { ExpectedVersion: 0, Events.Count: > 0 } && Every(10) ? a with { StreamKey = a.StreamKey + "-x" } : a)),

        // Traces.
        new("dead-letters-swallowed", "what cannot be applied is passed over", s => s.Change(a => a with { DeadLetters = [] })),
        new("unroutable-swallowed", "records without a key are passed over", s => s.Decorate<IKafkaUnroutableHandler>((_, _) => new Swallow())),
        new("ledger-swallowed", "records without an event leave no trace", s => s.Change(a => a with { Ledger = [] })),
        new("good-record-refused", "one record in two hundred is called undecodable", s => s.Decoder<UserRecord>((p, next) => Every(200) ? throw new RecordFormatException("planted") : next(p))),
        new("poison-accepted", "a record with an unknown schema is read with another one", PlantLenientDecoder),

        // Content.
        new("amount-rounded", "amounts lose their cents", s => s.Change(a => a with { Events = [.. a.Events.Select(Rounded)] })),
        new("event-of-another-kind", "one deposit in ten is stored as a refund", s => s.Change(a => Every(10) ? a with { Events = [.. a.Events.Select(e => e.TypeName == "account-deposited" ? e with { TypeName = "account-refunded" } : e)] } : a)),

        // Money.
        new("transfer-leg-dropped", "one transfer in five never arrives", s => s.Subscriber((events, next) => next([.. events.Where(_ => !Every(5))]))),
        new("transfer-delivered-twice", "one transfer in five arrives under a second id as well", s => s.Subscriber(async (events, next) =>
        {
            await next(events);
            await next([.. events.Where(_ => Every(5)).Select(e => e with { Event = (TransferSent)e.Event with { TransferId = ((TransferSent)e.Event).TransferId + "-again" } })]);
        })),
        new("transfer-of-another-amount", "one cent of each transfer stays on the way", s => s.Subscriber((events, next) =>
            next([.. events.Select(e => e with { Event = (TransferSent)e.Event with { Amount = ((TransferSent)e.Event).Amount - 0.01m } })]))),

        // Commands and reads.
        new("command-answered-not-stored", "one command in ten is answered and never written", s => s.Commit((append, next) => IsCommand(append) && Every(10) ? new(Committed(append)) : next(append))),
        new("command-stored-twice", "one command in ten is written twice", s => s.Change(a => IsCommand(a) && a.Events.Count == 1 && Every(10) ? a with { Events = [a.Events[0], a.Events[0] with { Id = Guid.NewGuid() }] } : a)),
        new("activation-one-late", "a stream is loaded without its last event", s => s.Decorate<IStreamLoader>((inner, _) => new OneLate(inner)), FaultKind.SiloKilled, FaultKind.SiloKilled),

        // Projections.
        new("projection-forgets", "one purchase in ten is not counted", s => s.Projection<ForgetfulPurchases>("purchases-by-day")),
        new("projection-counts-twice", "one purchase in ten is counted twice", s => s.Projection<EagerPurchases>("purchases-by-day")),
        new("projection-starts-one-late", "a projection misses the first event of each stream", s => s.Projection<LateBalances>("account-balances")),

        // By someone who had not read the checker.
        .. BlindDefects.All,
    ];

    private static bool Every(int n) => Interlocked.Increment(ref _count) % n == 0;

    private static bool IsCommand(StreamAppend append) => append.Events is [{ Source: { Record: null, CommandId: { } command } }, ..]
        && !command.StartsWith(TransferCommands.Prefix, StringComparison.Ordinal);

    private static AppendVerdict Committed(StreamAppend append) => new AppendVerdict.Committed(append.ExpectedVersion + append.Events.Count, 0);

    private static EventToAppend Rounded(EventToAppend e)
    {
        var data = JsonNode.Parse(e.Data)!.AsObject();
        if (data["amount"] is not { } amount)
            return e;
        data["amount"] = decimal.Truncate(amount.GetValue<decimal>());
        return e with { Data = data.ToJsonString() };
    }

    private static void PlantMaximum(IServiceCollection services)
    {
        var highest = new ConcurrentDictionary<(string, int), long>();
        services.Commit((append, next) =>
        {
            foreach (var p in append.Positions)
                highest.AddOrUpdate((p.Topic, p.Partition), p.Offset, (_, before) => Math.Max(before, p.Offset));
            return next(append);
        });
        services.Checkpoint((topic, partition, next, save) => save(Math.Max(next, highest.GetValueOrDefault((topic, partition), -1) + 1)));
    }

    private static void PlantNoPositions(IServiceCollection services)
    {
        services.Change(append => append with { Positions = [] });
        services.Decorate<IStreamLoader>((inner, _) => new WithoutPositions(inner));
    }

    private static void PlantLenientDecoder(IServiceCollection services)
    {
        byte[]? known = null;
        services.Decoder<UserRecord>(async (payload, next) =>
        {
            try
            {
                var record = await next(payload);
                known ??= payload[..WireFormat.HeaderLength].ToArray();
                return record;
            }
            catch (RecordFormatException) when (known is not null && payload.Length > 100)
            {
                return await next((byte[])[.. known, .. payload[WireFormat.HeaderLength..].Span]);
            }
        });
    }

    private sealed class Swallow : IKafkaUnroutableHandler
    {
        public ValueTask HandleAsync(KafkaRecord record, KafkaUnroutableReason reason, CancellationToken cancellationToken) => default;
    }

    private sealed class WithoutPositions(IStreamLoader inner) : IStreamLoader
    {
        public async ValueTask<StreamContents> LoadAsync(string streamKey, string aggregateName, int stateVersion, long? afterVersion, CancellationToken cancellationToken = default) =>
            await inner.LoadAsync(streamKey, aggregateName, stateVersion, afterVersion, cancellationToken) with { Positions = [] };
    }

    private sealed class OneLate(IStreamLoader inner) : IStreamLoader
    {
        public async ValueTask<StreamContents> LoadAsync(string streamKey, string aggregateName, int stateVersion, long? afterVersion, CancellationToken cancellationToken = default)
        {
            var contents = await inner.LoadAsync(streamKey, aggregateName, stateVersion, afterVersion, cancellationToken);
            return afterVersion is null && contents.Events.Count > 1 ? contents with { Version = contents.Version - 1, Events = [.. contents.Events.SkipLast(1)] } : contents;
        }
    }

    private sealed class ForgetfulPurchases : Projection<PurchasesOnDay, (DateOnly Day, string Currency)>
    {
        public ForgetfulPurchases()
            : base("purchases-by-day", version: 1)
        {
            OrderIndependent = true;
            On<PurchaseMade>(
                key: e => (DateOnly.FromDateTime(e.At.UtcDateTime), e.Currency),
                apply: (doc, e) => Every(10) ? doc : new PurchasesOnDay(doc.Count + 1, doc.Total + e.Amount));
        }
    }

    private sealed class EagerPurchases : Projection<PurchasesOnDay, (DateOnly Day, string Currency)>
    {
        public EagerPurchases()
            : base("purchases-by-day", version: 1)
        {
            OrderIndependent = true;
            On<PurchaseMade>(
                key: e => (DateOnly.FromDateTime(e.At.UtcDateTime), e.Currency),
                apply: (doc, e) => Every(10) ? new(doc.Count + 2, doc.Total + 2 * e.Amount) : new PurchasesOnDay(doc.Count + 1, doc.Total + e.Amount));
        }
    }

    private sealed class LateBalances : StreamProjection<AccountBalance>
    {
        public LateBalances()
            : base("account-balances", version: 1)
        {
            OrderBy(d => d.Balance);
            On<Deposited>(key: (_, at) => at.Key, apply: (doc, e, at) => at.Version == 1 ? doc : doc with { Balance = doc.Balance + e.Amount, Movements = doc.Movements + 1 });
        }
    }
}
