using System.Text.Json.Nodes;
using Chaos.Checking;

namespace Chaos.Tests;

/// <summary>
/// The checker on a recorded run, in which a silo was killed: as it was, nothing is wrong; with one thing changed, exactly that is found.
/// </summary>
public sealed class CheckerTests
{
    private static readonly Recording Good = Recording.Load(Path.Combine(AppContext.BaseDirectory, "Histories", "good.json.gz"));

    public static TheoryData<string, ViolationClass> Bad => new()
    {
        { "an acknowledged record without a trace", ViolationClass.Lost },
        { "a repetition of something that is not there", ViolationClass.Lost },
        { "an event and a ledger row for one record", ViolationClass.Duplicated },
        { "an id with two effects", ViolationClass.Duplicated },
        { "a redelivery that counts as a repetition", ViolationClass.Duplicated },
        { "two records in the wrong order", ViolationClass.Reordered },
        { "an event that nobody sent", ViolationClass.Phantom },
        { "an event of a command that nobody sent", ViolationClass.Phantom },
        { "an event without a cause", ViolationClass.Phantom },
        { "a dead letter that nobody sent", ViolationClass.Phantom },
        { "an event with another id", ViolationClass.Altered },
        { "an event in another stream", ViolationClass.Altered },
        { "another amount", ViolationClass.Altered },
        { "another kind of event", ViolationClass.Altered },
        { "a hole in a stream", ViolationClass.Torn },
        { "a stream's row that is behind", ViolationClass.Torn },
        { "a command that was answered and is not stored", ViolationClass.CommandLost },
        { "a command that was answered with an older version", ViolationClass.CommandLost },
        { "a refused command without a trace", ViolationClass.CommandLost },
        { "an accepted command that is stored as a refusal", ViolationClass.CommandLost },
        { "a refused command that is stored all the same", ViolationClass.CommandLost },
        { "a command that is stored twice", ViolationClass.CommandTwice },
        { "a courier's command that is stored twice", ViolationClass.CommandTwice },
        { "a read that sees less than one before it", ViolationClass.ReadWentBack },
        { "a read that does not see an answered command", ViolationClass.ReadWentBack },
        { "a read at rest that is behind", ViolationClass.ReadWentBack },
        { "a document with another number", ViolationClass.ProjectionDiffers },
        { "a document that is missing", ViolationClass.ProjectionDiffers },
        { "a document too many", ViolationClass.ProjectionDiffers },
        { "a transfer that does not arrive", ViolationClass.Money },
        { "a transfer that arrives with less", ViolationClass.Money },
        { "a balance below zero", ViolationClass.Money },
        { "a checkpoint beyond what is durable", ViolationClass.CheckpointTooFar },
        { "a checkpoint that goes back", ViolationClass.CheckpointTooFar },
        { "a position that is behind", ViolationClass.PositionWrong },
        { "a position that is missing", ViolationClass.PositionWrong },
        { "a good record among the dead letters", ViolationClass.GoodRecordDead },
        { "a poison record that is stored", ViolationClass.PoisonStored },
        { "a stored event that is not published", ViolationClass.PublishedWrong },
        { "the newest event of all, not published", ViolationClass.PublishedWrong },
        { "an event that is published twice", ViolationClass.PublishedWrong },
        { "an event that is published before an earlier one of its stream", ViolationClass.PublishedWrong },
        { "a published event that is not stored", ViolationClass.PublishedWrong },
        { "an event that is published with another content", ViolationClass.PublishedWrong },
        { "an event that is published as another entity's", ViolationClass.PublishedWrong },
    };

    [Fact]
    public void A_good_history_is_good()
    {
        Assert.Empty(Good.Check());
        Assert.True(Good.History.Records.Count > 1_000 && Good.History.Commands.Count > 10 && Good.History.Reads.Count > 10 && Good.History.Checkpoints.Count > 10);
    }

    [Theory, MemberData(nameof(Bad))]
    public void A_bad_history_is_found_out(string what, ViolationClass expected)
    {
        var bad = Spoil(what);
        Assert.Contains(expected, bad.Check().Select(v => v.Class));
    }

    [Fact]
    public void Every_class_is_tried()
    {
        // A system that does not come to rest, what the audit finds, and what became of jobs are seen by the run and not by the checker.
        var tried = Bad.Select(row => row.Data.Item2).Concat([ViolationClass.Stuck, ViolationClass.Audit, ViolationClass.AuditUnfinished, ViolationClass.JobDiffers, ViolationClass.JobResultTwice]);
        Assert.Equal(Enum.GetValues<ViolationClass>().Order(), tried.Distinct().Order());
    }

    [Fact]
    public void What_was_never_acknowledged_may_be_there_or_not()
    {
        var stored = FirstOf("user-page-viewed");
        Assert.Empty(With(history: h => h with { Records = [.. h.Records.Select(r => r.Place == stored.Record && r.Acknowledged is not null ? r with { Acknowledged = null, Partition = 0, Offset = 0 } : r)] }).Check());
        Assert.Empty(With(history: h => h with { Records = [.. h.Records, new Sent(1_000_000, "user-events", "user-1", Guid.NewGuid(), RecordKind.Good, 1, null, 0, 0)] }).Check());
    }

    [Fact]
    public void A_record_that_was_acknowledged_elsewhere_may_lie_where_the_topic_holds_it_once_more_and_nowhere_else()
    {
        var again = Good.Store.Ledger.First(l => l is { Outcome: LedgerRow.Duplicate, Record: not null } && Good.Store.Events.Any(e => e.Id == l.Id && e.Record is not null));
        var stored = Good.Store.Events.First(e => e.Id == again.Id);
        History OnceAcknowledged(History h, Guid held) => h with
        {
            Records = [.. h.Records.Where(r => r.Acknowledged is null || r.Place != stored.Record)],
            Copies = [new Copy(stored.Record!.Value, held)],
        };

        Assert.Empty(With(history: h => OnceAcknowledged(h, stored.Id)).Check());
        Assert.Contains(With(history: h => OnceAcknowledged(h, Guid.NewGuid())).Check(), v => v.Class == ViolationClass.Phantom && v.Place == stored.Record);
    }

    [Fact]
    public void What_is_published_once_and_in_order_is_good_also_where_the_emulator_has_dropped_the_beginning_or_shows_what_was_taken_back()
    {
        var all = AllPublished();
        Assert.Empty(Published(all).Check());
        var shown = all.Select(p => p with { IsCommitted = false }).ToList();
        Assert.Empty(Published([.. shown.Skip(10)]).Check());
        Assert.Empty(Published([.. shown, shown[0] with { Place = shown[0].Place with { Offset = 1_000_000 } }]).Check());
    }

    [Fact]
    public void A_violation_names_the_record_and_tells_its_story()
    {
        var lost = Spoil("an acknowledged record without a trace").Check().First(v => v.Class == ViolationClass.Lost);
        Assert.NotNull(lost.Place);
        Assert.Contains(lost.Place.Value.ToString(), lost.What, StringComparison.Ordinal);
        Assert.Contains(lost.Story, line => line.Contains("acknowledged at", StringComparison.Ordinal));
    }

    private static Recording Spoil(string what)
    {
        var viewed = FirstOf("user-page-viewed");
        var sent = SentAs(viewed.Record!.Value);
        var received = FirstOf("account-transfer-received");
        var accepted = Good.History.Commands.First(c => c.Answer == Answer.Accepted && Good.Store.Events.Count(e => e.Command == c.Id) == 1);
        var stored = Good.Store.Events.First(e => e.Command == accepted.Id);
        var duplicate = Good.Store.Ledger.First(l => l is { Outcome: LedgerRow.Duplicate, Record: not null });
        return what switch
        {
            "an acknowledged record without a trace" => Store(s => s with { Events = Without(s, viewed) }),
            "a repetition of something that is not there" => Store(s => s with { Events = [.. s.Events.Where(e => e.Id != duplicate.Id)], Ledger = [.. s.Ledger.Where(l => l.Id != duplicate.Id || l == duplicate)] }),
            "an event and a ledger row for one record" => Store(s => s with { Ledger = [.. s.Ledger, new LedgerRow(Guid.NewGuid(), viewed.StreamKey, 1, viewed.Record, null)] }),
            "an id with two effects" => Store(s => s with { Ledger = [.. s.Ledger, new LedgerRow(viewed.Id, viewed.StreamKey, 1, Good.Store.Events.First(e => e.Record is not null && e.Record != viewed.Record).Record, null)] }),
            "a redelivery that counts as a repetition" => Store(s => s with { Ledger = [.. s.Ledger, new LedgerRow(viewed.Id, viewed.StreamKey, LedgerRow.Duplicate, viewed.Record, null)] }),
            "two records in the wrong order" => Reordered(),
            "an event that nobody sent" => Store(s => s with { Events = [.. s.Events, viewed with { Record = new Place("user-events", 0, 1_000_000), Id = Guid.NewGuid(), Version = 1_000 }] }),
            "an event of a command that nobody sent" => Change(stored, stored with { Command = "mine" }),
            "an event without a cause" => Change(stored, stored with { Command = null }),
            "a dead letter that nobody sent" => Store(s => s with { DeadLetters = [.. s.DeadLetters, new DeadLetterRow(new("user-events", 0, 1_000_000), null, 1, "?")] }),
            "an event with another id" => Change(viewed, viewed with { Id = Guid.NewGuid() }),
            "an event in another stream" => Change(viewed, viewed with { StreamKey = "user/somebody-else", Version = 1 }),
            "another amount" => Change(FirstOf("account-deposited", ofRecord: true), e => e with { Data = Replaced(e.Data, "amount", 1_000_000) }),
            "another kind of event" => Change(FirstOf("account-deposited", ofRecord: true), e => e with { Type = "account-refunded" }),
            "a hole in a stream" => Store(s => s with { Events = Without(s, s.Events.First(e => e.Version == 1 && s.Streams[e.StreamKey] > 1)) }),
            "a stream's row that is behind" => Store(s => s with { Streams = s.Streams.ToDictionary(p => p.Key, p => p.Key == viewed.StreamKey ? p.Value - 1 : p.Value) }),
            "a command that was answered and is not stored" => Store(s => s with { Events = Without(s, stored) }),
            "a command that was answered with an older version" => With(history: h => h with { Commands = [.. h.Commands.Select(c => c == accepted ? c with { Version = stored.Version - 1 } : c)] }),
            "a refused command without a trace" => With(history: h => h with { Commands = [.. h.Commands, new Command("refused", "account/acc-1", 1, 2, Answer.Rejected, null)] }),
            "an accepted command that is stored as a refusal" => Change(stored, stored with { Type = "account-withdrawal-rejected" }),
            "a refused command that is stored all the same" => With(history: h => h with { Commands = [.. h.Commands.Select(c => c == accepted ? c with { Answer = Answer.Rejected, Version = null } : c)] }),
            "a command that is stored twice" => Store(s => s with { Events = [.. s.Events, stored with { Id = Guid.NewGuid(), Version = s.Streams[stored.StreamKey] + 1 }] }),
            "a courier's command that is stored twice" => Store(s => s with { Events = [.. s.Events, received with { Id = Guid.NewGuid(), Version = s.Streams[received.StreamKey] + 1 }] }),
            "a read that sees less than one before it" => With(history: h => h with { Reads = [.. h.Reads, new Read("user/a", 7, 1, 2), new Read("user/a", 6, 3, 4)] }),
            "a read that does not see an answered command" => With(history: h => h with { Reads = [.. h.Reads, new Read(accepted.StreamKey, accepted.Version!.Value - 1, accepted.End + 1, accepted.End + 2)] }),
            "a read at rest that is behind" => With(history: h => h with { Rested = 900, Reads = [new Read(viewed.StreamKey, Good.Store.Streams[viewed.StreamKey] - 1, 901, 902)], Commands = [] }, store: s => s),
            "a document with another number" => Document("user-profiles", (documents, key) => documents[key] = Replaced(documents[key], "events", 1_000_000)),
            "a document that is missing" => Document("account-balances", (documents, key) => documents.Remove(key)),
            "a document too many" => Document("user-profiles", (documents, key) => documents["nobody"] = documents[key]),
            "a transfer that does not arrive" => Store(s => s with { Events = Without(s, received) }),
            "a transfer that arrives with less" => Change(received, e => e with { Data = Replaced(e.Data, "amount", 0) }),
            "a balance below zero" => Change(Good.Store.Events.First(e => e.Type == "account-deposited" && e.Version == 1 && Good.Store.Streams[e.StreamKey] > 5), e => e with { Data = Replaced(e.Data, "amount", -1_000_000) }),
            "a checkpoint beyond what is durable" => With(history: h => h with { Checkpoints = [.. h.Checkpoints, h.Checkpoints[^1] with { Next = h.Checkpoints[^1].Durable + 1 }] }),
            "a checkpoint that goes back" => With(history: h => h with { Checkpoints = [.. h.Checkpoints, h.Checkpoints.MaxBy(c => c.Next)! with { At = 1_000, Next = 0 }] }),
            "a position that is behind" => Store(s => s with { Positions = [.. s.Positions.Select(p => p.StreamKey == sent.StreamKey ? p with { Offset = 0 } : p)] }),
            "a position that is missing" => Store(s => s with { Positions = [.. s.Positions.Where(p => p.StreamKey != sent.StreamKey)] }),
            "a good record among the dead letters" => Store(s => s with { Events = Without(s, viewed), DeadLetters = [.. s.DeadLetters, new DeadLetterRow(viewed.Record!.Value, sent.Key, 5, "it threw")] }),
            "a poison record that is stored" => With(history: h => h with { Records = [.. h.Records.Select(r => r == sent ? r with { Kind = RecordKind.Poison, Id = null } : r)] }),
            "a stored event that is not published" => Published([.. AllPublished().Where(p => p.Id != viewed.Id)]),
            "the newest event of all, not published" => Published([.. AllPublished().Where(p => p.Id != Good.Store.Events[^1].Id)]),
            "an event that is published twice" => Published([.. AllPublished(), AllPublished()[^1] with { Place = AllPublished()[^1].Place with { Offset = 1_000_000 } }]),
            "an event that is published before an earlier one of its stream" => Published([.. AllPublished().Select(p => p with { Place = p.Place with { Offset = 1_000_000 - p.Place.Offset } })]),
            "a published event that is not stored" => Published([.. AllPublished(), new(new("user-domain-events", 0, 1_000_000), Guid.NewGuid(), "u", 1, viewed.Type, viewed.Data, IsCommitted: true)]),
            "an event that is published with another content" => Published([.. AllPublished().Select(p => p.Id == viewed.Id ? p with { Data = FirstOf("account-deposited").Data } : p)]),
            "an event that is published as another entity's" => Published([.. AllPublished().Select(p => p.Id == viewed.Id ? p with { Entity = "somebody-else" } : p)]),
            _ => throw new ArgumentException($"Nothing is known of '{what}'."),
        };
    }

    private static Recording With(Func<History, History>? history = null, Func<StoreContents, StoreContents>? store = null) =>
        new(history?.Invoke(Good.History) ?? Good.History, store?.Invoke(Good.Store) ?? Good.Store);

    private static Recording Published(IReadOnlyList<PublishedEvent> published) => Store(s => s with { Published = published });

    private static List<PublishedEvent> AllPublished() =>
    [
        .. new[] { "user", "account" }.SelectMany(kind => Good.Store.Events.Where(e => e.StreamKey.StartsWith($"{kind}/", StringComparison.Ordinal))
            .Select((e, i) => new PublishedEvent(new($"{kind}-domain-events", 0, i), e.Id, e.StreamKey[(kind.Length + 1)..], e.Version, e.Type, e.Data, IsCommitted: true))),
    ];

    private static Recording Store(Func<StoreContents, StoreContents> change) => With(store: change);

    private static Recording Change(Event one, Event other) => Change(one, _ => other);

    private static Recording Change(Event one, Func<Event, Event> change) => Store(s => s with { Events = [.. s.Events.Select(e => e == one ? change(e) : e)] });

    private static IReadOnlyList<Event> Without(StoreContents store, Event one) => [.. store.Events.Where(e => e != one)];

    private static Event FirstOf(string type, bool ofRecord = false) => Good.Store.Events.First(e => e.Type == type && (!ofRecord || e.Record is not null));

    private static Sent SentAs(Place place) => Good.History.Records.Single(r => r.Acknowledged is not null && r.Place == place);

    private static Recording Reordered()
    {
        var pair = Good.Store.Events.Where(e => e is { Record: not null, Index: 0 }).GroupBy(e => (e.StreamKey, e.Record!.Value.Partition)).First(g => g.Count() > 1).Take(2).ToArray();
        return Store(s => s with { Events = [.. s.Events.Select(e => e == pair[0] ? e with { Version = pair[1].Version } : e == pair[1] ? e with { Version = pair[0].Version } : e)] });
    }

    private static Recording Document(string projection, Action<Dictionary<string, string>, string> change) => Store(s =>
    {
        var documents = s.Documents.ToDictionary(p => p.Key, p => (IReadOnlyDictionary<string, string>)new Dictionary<string, string>(p.Value));
        change((Dictionary<string, string>)documents[projection], documents[projection].Keys.First());
        return s with { Documents = documents };
    });

    private static string Replaced(string json, string name, int value)
    {
        var node = JsonNode.Parse(json)!;
        node[name] = value;
        return node.ToJsonString();
    }
}
