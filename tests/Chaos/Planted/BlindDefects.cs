using System.Collections.Concurrent;
using System.Diagnostics;
using Chaos.Schedule;
using Contracts.Accounts;
using Contracts.Records;
using Contracts.Users;
using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.Projections;
using Grains.Accounts;
using Grains.Users;
using Microsoft.Extensions.DependencyInjection;

namespace Chaos.Planted;

/// <summary>Defects by someone who had not read the checker. Most act seldom: after a restart, or on what is rare among the records.</summary>
internal static class BlindDefects
{
    /// <summary>A silo that finds events up to here, and goes on behind them, is not the first one.</summary>
    private const long Beginning = 1_000;

    private static readonly TimeSpan Old = TimeSpan.FromSeconds(60);

    [ThreadStatic]
    private static ConcurrentDictionary<string, string>? _properties;

    public static IReadOnlyList<Defect> All { get; } =
    [
        // Records.
        new("properties-shared", "the decoder lends its one map of properties to every record of a thread", PlantSharedProperties),
        new("late-time-replaced", "a transaction that is a minute old is stored with the time of now", PlantReplacedTimes),
        new("dead-letter-misplaced", "a dead letter names the last record of its batch as its own", PlantMisplacedLetters),
        new("snapshot-one-ahead", "a snapshot says that it includes one event more than it does", PlantSnapshotsAhead, FaultKind.SiloKilled, FaultKind.SiloKilled, FaultKind.SiloKilled),
        new("publisher-one-late", "after a restart the first event to publish is passed over", PlantLatePublishers, FaultKind.SiloKilled, FaultKind.SiloKilled),

        // Commands, reads and transfers.
        new("keys-forgotten", "a command's key that was used before a restart counts as a new one", PlantForgottenKeys, FaultKind.SiloKilled, FaultKind.SiloKilled, FaultKind.SiloKilled),
        new("refusal-accepted", "the receipt of a refused command names the version before its event, so that it reads as an acceptance", PlantAcceptedRefusals),
        new("read-from-a-cache", "a read is answered by what another read has seen within the last second", PlantCachedReads),
        new("transfer-given-back-too-soon", "money goes back to a sender whose receiver takes long, and takes it all the same", PlantHastyCourier, FaultKind.ConnectionsDelayed, FaultKind.SiloKilled),

        // Projections.
        new("profile-one-short", "after a restart a projection passes over the first event that it reads", s => s.Projection<ShortProfiles>("user-profiles"), FaultKind.SiloKilled, FaultKind.SiloKilled),
        new("profile-goes-back", "a late event sets back when a user was last seen", s => s.Projection<WaveringProfiles>("user-profiles")),

        // Jobs.
        .. BlindJobDefects.All,
    ];

    /// <summary>A decoder reuses its map: in a batch, each record has the properties of the last one, or of another grain's.</summary>
    private static void PlantSharedProperties(IServiceCollection services) => services.Decoder<UserRecord>(async (payload, next) =>
    {
        var record = await next(payload);
        var shared = _properties ??= new(StringComparer.Ordinal);
        shared.Clear();
        foreach (var (name, value) in record.Properties)
            shared[name] = value;
        return record with { Properties = shared };
    });

    /// <summary>A time that lies far back is taken for a wrong clock's.</summary>
    private static void PlantReplacedTimes(IServiceCollection services) => services.Decoder<TransactionRecord>(async (payload, next) =>
        await next(payload) is var record && DateTimeOffset.UtcNow - record.Timestamp > Old ? record with { Timestamp = DateTimeOffset.UtcNow } : record);

    /// <summary>Dead letters get the position that the batch moves to, and not their record's own: right only where that is the last of its batch.</summary>
    private static void PlantMisplacedLetters(IServiceCollection services) => services.Change(append =>
        append.Positions is [var last] ? append with { DeadLetters = [.. append.DeadLetters.Select(letter => letter with { Record = last })] } : append);

    /// <summary>The version of a snapshot is off by one: whoever starts from it never sees the event between.</summary>
    private static void PlantSnapshotsAhead(IServiceCollection services) => services.Decorate<ISnapshotStore>((inner, _) => new SnapshotsAhead(inner));

    /// <summary>What was sent last is taken for what is to be sent next.</summary>
    private static void PlantLatePublishers(IServiceCollection services)
    {
        foreach (var original in services.Where(d => d.ServiceType == typeof(IEventSubscriber) && d.ImplementationFactory is not null).ToArray())
        {
            services.Remove(original);
            services.AddSingleton<IEventSubscriber>(provider => new LatePublisher((IEventSubscriber)original.ImplementationFactory!(provider)));
        }
    }

    /// <summary>Which keys were used is known of this process alone: the store's word that one is taken is believed only then.</summary>
    private static void PlantForgottenKeys(IServiceCollection services)
    {
        var used = new ConcurrentDictionary<(string Stream, string Command), bool>();
        services.Commit(async (append, next) =>
        {
            var verdict = await next(append);
            if (CommandOf(append) is not { } command)
                return verdict;
            if (verdict is AppendVerdict.Duplicate && !used.ContainsKey((append.StreamKey, command)))
                verdict = await next(WithNewIds(append));
            if (verdict is AppendVerdict.Committed)
                used[(append.StreamKey, command)] = true;
            return verdict;
        });
    }

    /// <summary>The API looks up the receipt's event to see whether it is a refusal: one version too low, it finds another.</summary>
    private static void PlantAcceptedRefusals(IServiceCollection services) => services.Commit(async (append, next) =>
        await next(append) is var verdict && verdict is AppendVerdict.Committed committed && CommandOf(append) is not null
        && append.Events is [{ TypeName: var type }] && type.EndsWith("-rejected", StringComparison.Ordinal) ? committed with { Version = committed.Version - 1 } : verdict);

    /// <summary>Reads are cached for a second, and nothing that is stored meanwhile ends that.</summary>
    private static void PlantCachedReads(IServiceCollection services) => services.AddSingleton<IIncomingGrainCallFilter>(new CachedReads());

    /// <summary>The courier takes silence for a refusal.</summary>
    private static void PlantHastyCourier(IServiceCollection services)
    {
        services.Remove(services.Single(d => d.ImplementationType == typeof(TransferCourier)));
        services.AddSingleton<IEventSubscriber, HastyCourier>();
    }

    private static string? CommandOf(StreamAppend append) =>
        append.Events.Select(e => e.Source).Concat(append.Ledger.Select(entry => entry.Source)).FirstOrDefault(source => source.Record is null)?.CommandId;

    private static StreamAppend WithNewIds(StreamAppend append) => append with
    {
        Events = [.. append.Events.Select(e => e with { Id = Guid.NewGuid() })],
        Ledger = [.. append.Ledger.Select(entry => entry with { EventId = Guid.NewGuid() })],
    };

    private sealed class SnapshotsAhead(ISnapshotStore inner) : ISnapshotStore
    {
        public ValueTask SaveAsync(string streamKey, string aggregateName, StateSnapshot snapshot, CancellationToken cancellationToken = default) =>
            inner.SaveAsync(streamKey, aggregateName, snapshot with { Version = snapshot.Version + 1 }, cancellationToken);
    }

    private sealed class LatePublisher(IEventSubscriber inner) : IEventSubscriber
    {
        private long? _first;

        public string Name => inner.Name;

        public IReadOnlyCollection<Type> Events => inner.Events;

        public ValueTask HandleAsync(IReadOnlyList<SubscribedEvent> events, CancellationToken cancellationToken)
        {
            _first ??= events[0].Stored.Sequence;
            var left = _first > Beginning && events[0].Stored.Sequence == _first ? [.. events.Skip(1)] : events;
            return left.Count == 0 ? default : inner.HandleAsync(left, cancellationToken);
        }
    }

    private sealed class CachedReads : IIncomingGrainCallFilter
    {
        private static readonly TimeSpan Kept = TimeSpan.FromSeconds(1);
        private readonly ConcurrentDictionary<GrainId, (long At, object? Answer)> _answers = new();

        public async Task Invoke(IIncomingGrainCallContext context)
        {
            var isRead = context.MethodName == nameof(IAccountGrain.Get) && context.Grain is IAccountGrain or IUserGrain;
            if (isRead && _answers.TryGetValue(context.TargetId, out var kept) && Stopwatch.GetElapsedTime(kept.At) < Kept)
            {
                context.Result = kept.Answer!;
                return;
            }

            await context.Invoke();
            if (isRead)
                _answers[context.TargetId] = (Stopwatch.GetTimestamp(), context.Result);
        }
    }

    private sealed class HastyCourier(IGrainFactory grains) : IEventSubscriber
    {
        private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

        public string Name => "transfer-courier";

        public IReadOnlyCollection<Type> Events => [typeof(TransferSent)];

        public async ValueTask HandleAsync(IReadOnlyList<SubscribedEvent> events, CancellationToken cancellationToken) => await Parallel.ForEachAsync(
            events.Select(e => (TransferSent)e.Event), new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = cancellationToken }, async (transfer, _) => await DeliverAsync(transfer));

        private async Task DeliverAsync(TransferSent transfer)
        {
            var (from, id) = (transfer.From, transfer.TransferId);
            var receiving = grains.GetGrain<IAccountGrain>(transfer.To).ReceiveTransfer(new CommandId(TransferCommands.Receive(from, id)), transfer);
            if (await Task.WhenAny(receiving, Task.Delay(Patience)) == receiving && (await receiving).Outcome == ReceiptOutcome.Accepted)
                return;
            await grains.GetGrain<IAccountGrain>(from).ReturnTransfer(new CommandId(TransferCommands.Return(from, id)), transfer, "the receiver did not take it");
        }
    }

    private sealed class ShortProfiles : StreamProjection<UserProfile>
    {
        private long? _first;

        public ShortProfiles()
            : base("user-profiles", version: 1)
        {
            OrderBy(d => d.Events);
            Fold<IUserEvent>((doc, e) => doc with
            {
                Events = doc.Events + 1,
                FirstSeen = doc.Events == 0 || e.At < doc.FirstSeen ? e.At : doc.FirstSeen,
                LastSeen = e.At > doc.LastSeen ? e.At : doc.LastSeen,
            });
            Fold<UserRegistered>((doc, e) => doc with { Name = e.Name ?? doc.Name, Email = e.Email ?? doc.Email });
            Fold<UserProfileChanged>((doc, e) => doc with { Name = e.Name ?? doc.Name, Email = e.Email ?? doc.Email });
            Fold<PurchaseMade>((doc, e) => doc with
            {
                Purchases = doc.Purchases + 1,
                Spent = doc.Spent.SetItem(e.Currency, doc.Spent.GetValueOrDefault(e.Currency) + e.Amount),
            });
        }

        private void Fold<TEvent>(Func<UserProfile, TEvent, UserProfile> apply)
            where TEvent : class => On<TEvent>((_, at) => at.Key, (doc, e, at) => (_first ??= at.Sequence) == at.Sequence && at.Sequence > Beginning ? doc : apply(doc, e));
    }

    private sealed class WaveringProfiles : StreamProjection<UserProfile>
    {
        public WaveringProfiles()
            : base("user-profiles", version: 1)
        {
            OrderBy(d => d.Events);
            On<IUserEvent>((doc, e) => doc with
            {
                Events = doc.Events + 1,
                FirstSeen = doc.Events == 0 || e.At < doc.FirstSeen ? e.At : doc.FirstSeen,
                LastSeen = e.At,
            });
            On<UserRegistered>((doc, e) => doc with { Name = e.Name ?? doc.Name, Email = e.Email ?? doc.Email });
            On<UserProfileChanged>((doc, e) => doc with { Name = e.Name ?? doc.Name, Email = e.Email ?? doc.Email });
            On<PurchaseMade>((doc, e) => doc with
            {
                Purchases = doc.Purchases + 1,
                Spent = doc.Spent.SetItem(e.Currency, doc.Spent.GetValueOrDefault(e.Currency) + e.Amount),
            });
        }
    }
}
