using System.Globalization;
using System.Runtime.CompilerServices;
using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.Hosting;
using EventStore.Reading;
using Microsoft.Extensions.Options;

namespace EventStore.Projections.Running;

/// <summary>
/// The store's events by pages of sequence numbers, up to Marten's high-water mark and on as it moves. No transaction spans two pages: a
/// long one would hold the mark back.
/// </summary>
internal sealed class StoreFeed(
    StoreDataSources dataSources, HighWater highWater, EventTypes types, TypePresence presence, IOptions<ProjectionOptions> options, TimeProvider time, ProjectionLog log)
{
    /// <summary>How often a feed at its end gives an empty page, so that its reader can write down how far it has come.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How many sequence numbers a page spans at most, as a multiple of its size. Without an end the database may read and sort all that is left for each page,
    /// as it does when it knows nothing of the table yet, after a bulk load.
    /// </summary>
    private const long Span = 4;

    private readonly string[] _known = [.. types.All.Select(EventTypes.NameOf)];
    private readonly string _page = Page(dataSources.Schema, EventRow.Columns("e"));
    private readonly string _pageWithoutSources = Page(dataSources.Schema, EventRow.ColumnsWithoutSource("e"));

    /// <summary>The database's time when this process began to read: what is stored later under a name unknown here was stored by a newer version of the application.</summary>
    private DateTimeOffset? _since;

    /// <summary>What only others know that run now: events of these names are theirs, also those from before this process began.</summary>
    private string[] _ofOthers = [];

    /// <summary>Reads on and on, or up to <paramref name="upTo"/>.</summary>
    /// <remarks>
    /// It does not go past an event of a newer version of the application, which runs beside this one while it is rolled out: this version cannot know whether the event is one of those to
    /// read. The reader moves to the newer version when this one stops. Older events of names that no running process knows are those of an aggregate that is no more.
    /// </remarks>
    /// <param name="eventNames">The events to read; the pages' positions cover the others too.</param>
    /// <param name="sources">Whether the events' sources are read too.</param>
    /// <param name="pageSize">The most events of a page.</param>
    /// <param name="position">The position to go on behind.</param>
    /// <param name="upTo">The last sequence number to read, or null.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async IAsyncEnumerable<EventPage> ReadAsync(
        string[] eventNames, bool sources, int pageSize, string position, long? upTo, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var at = long.Parse(position, CultureInfo.InvariantCulture);
        var limit = pageSize;
        var saidUnknown = false;
        while (true)
        {
            var mark = await highWater.WaitAboveAsync(at, Idle, time, cancellationToken);
            var end = Math.Min(mark, upTo ?? long.MaxValue);
            if (end > at)
            {
                var pageEnd = Math.Min(end, at + (Span * pageSize));
                var (events, more, unknown) = await PageAsync(eventNames, sources, at, pageEnd, limit, cancellationToken);
                if (unknown is not null)
                {
                    if (!saidUnknown)
                        log.NewerEvent(unknown.Sequence, unknown.TypeName, string.Join(", ", eventNames));
                    saidUnknown = true;
                    at = unknown.Sequence - 1;
                    yield return new EventPage(events, Position(at), at, AtEnd: false);
                    await Task.Delay(Idle, time, cancellationToken);
                    (_, _ofOthers) = await presence.LookAsync(cancellationToken);
                    continue;
                }

                // What a page could not hold was sent in vain: ask for less while events are large.
                limit = more && events.Count < limit ? events.Count : Math.Min(limit * 2, pageSize);
                at = more ? events[^1].Sequence : pageEnd;
                yield return new EventPage(events, Position(at), at, AtEnd: at == end);
            }
            else
            {
                yield return new EventPage([], Position(at), at, AtEnd: true);
            }

            if (at >= upTo)
                yield break;
        }
    }

    private static string Page(string schema, string columns) => $"""
        select {columns} from {schema}.mt_events e
        where e.seq_id > $1 and e.seq_id <= $2 and (e.type = any($3) or e.type = any($7) or (e.timestamp > $5 and not e.type = any($6))) order by e.seq_id limit $4
        """;

    public static string Position(long sequence) => sequence.ToString(CultureInfo.InvariantCulture);

    private async Task<(List<StoredEvent> Events, bool More, StoredEvent? Unknown)> PageAsync(
        string[] names, bool sources, long after, long upTo, int limit, CancellationToken cancellationToken)
    {
        var bytes = options.Value.PageBytes;
        if (_since is null)
            (_since, _ofOthers) = await presence.LookAsync(cancellationToken);
        await using var command = dataSources.Store.CreateCommand(sources ? _page : _pageWithoutSources);
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = upTo });
        command.Parameters.Add(new() { Value = names });
        command.Parameters.Add(new() { Value = limit });
        command.Parameters.Add(new() { Value = _since });
        command.Parameters.Add(new() { Value = _known });
        command.Parameters.Add(new() { Value = _ofOthers });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var events = new List<StoredEvent>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var next = EventRow.Read(reader);
            if (!types.Knows(next.TypeName))
                return (events, true, next);
            events.Add(next);
            bytes -= next.Data.Length;
            if (bytes <= 0)
                return (events, true, null);
        }

        return (events, events.Count == limit, null);
    }
}
