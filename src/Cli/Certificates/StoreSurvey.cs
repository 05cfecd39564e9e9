using System.Security.Cryptography;

namespace Cli.Certificates;

/// <summary>The offsets of a partition that are looked at, and the traces found for them.</summary>
internal sealed class PartitionTraces(string topic, string incarnation, int partition, long from, long to)
{
    private readonly TraceDigest _digest = new();

    public (string Topic, string Incarnation, int Partition) Key => (topic, incarnation, partition);

    public long From => from;

    public long To => to;

    public long Stored { get; set; }

    public long Duplicate { get; set; }

    public long NoEvent { get; set; }

    public long DeadLettered { get; set; }

    public string Digest => _digest.ToString();

    public void Add(long offset, Guid? eventId) => _digest.Add(topic, partition, offset, eventId);
}

/// <summary>
/// One walk through everything the store holds: the digests of what lies below the bounds, the traces of the partitions looked at, and what by itself
/// cannot be right: an event without origin, a command's event with another id, a stream with a hole.
/// </summary>
internal sealed class StoreSurvey(StoreSide store, IEnumerable<PartitionTraces> partitions, Action<string> find, Func<long, Task> progress)
{
    private const int Duplicate = 3;
    private readonly Dictionary<(string, string, int), PartitionTraces> _partitions = partitions.ToDictionary(p => p.Key);

    public IEnumerable<PartitionTraces> Partitions => _partitions.Values;

    /// <summary>Walks.</summary>
    /// <param name="sequence">The last event whose bytes are digested.</param>
    /// <param name="ledgerRow">The last row of the ledger whose bytes are.</param>
    /// <param name="now">The last event there is: later ones are not digested, but looked at.</param>
    /// <param name="pages">Where the pages end, when that is given; else every page is full.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<CertifiedStore> RunAsync(
        long sequence, long ledgerRow, long now, IReadOnlyList<ContentPage>? pages, CancellationToken cancellationToken)
    {
        var result = await EventsAsync(sequence, pages, cancellationToken);
        var later = await LaterEventsAsync(sequence, now, cancellationToken);
        var (rows, ledger) = await LedgerAsync(ledgerRow, cancellationToken);
        await DeadLettersAsync(cancellationToken);
        await StreamsAsync(now, result.Events + later, cancellationToken);
        return result with { LastLedgerRow = ledgerRow, LedgerRows = rows, Ledger = ledger };
    }

    private async Task<CertifiedStore> EventsAsync(long sequence, IReadOnlyList<ContentPage>? pages, CancellationToken cancellationToken)
    {
        using var content = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var done = new List<ContentPage>();
        var (events, commands) = (0L, 0L);
        for (long after = 0; after < sequence;)
        {
            var end = pages is null ? sequence : done.Count < pages.Count ? pages[done.Count].To : sequence;
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var count = 0;
            // A page of a certificate may hold more now than it did.
            for (List<EventLine> page; (page = await store.EventsAsync(after, end, cancellationToken)).Count > 0;)
            {
                foreach (var e in page)
                {
                    e.AddTo(hash);
                    commands += Trace(e) ? 1 : 0;
                }

                count += page.Count;
                after = page[^1].Sequence;
                await progress(page.Count);
                if (pages is null || page.Count < StoreSide.PageSize)
                    break;
            }

            if (pages is not null)
                after = end;
            else if (count == 0)
                break;
            var made = new ContentPage(after, count, Convert.ToHexStringLower(hash.GetHashAndReset()));
            Bytes.Add(content, made.To, made.Events, made.Digest);
            done.Add(made);
            events += count;
        }

        return new(sequence, events, commands, Convert.ToHexStringLower(content.GetHashAndReset()), done, 0, 0, "");
    }

    // What came after the certificate is not digested, but must have come by the way that events come.
    private async Task<long> LaterEventsAsync(long sequence, long now, CancellationToken cancellationToken)
    {
        var count = 0L;
        for (List<EventLine> page; (page = await store.EventsAsync(sequence, now, cancellationToken)).Count > 0; sequence = page[^1].Sequence)
        {
            count += page.Count;
            foreach (var e in page)
                Trace(e);
            var ofRecords = page.Where(e => e.Source?.Record is not null).ToArray();
            foreach (var beyond in await store.BeyondPositionAsync(ofRecords, cancellationToken))
                find($"event {beyond} says it comes from a record that its stream has not read");
            await progress(page.Count);
        }

        return count;
    }

    // True for an event of a command.
    private bool Trace(EventLine e)
    {
        if (e.Source is { Record: { } record } source)
        {
            // A record that was sent again has its dead letter as its trace.
            if (source is { Index: 0, Reprocessed: false } && Covered(record) is { } partition)
            {
                partition.Stored++;
                partition.Add(record.Offset, e.Id);
            }

            return false;
        }

        if (e.Source?.Command is not { } command)
            find($"event {e.Sequence} (version {e.Version} of {e.StreamKey}) was caused by no record and no command");
        else if (e.Id != RecordIds.OfCommand(e.StreamKey, command, e.Source.Index))
            find($"event {e.Sequence} (version {e.Version} of {e.StreamKey}) does not have the id of its command '{command}'");
        return true;
    }

    private async Task<(long Rows, string Digest)> LedgerAsync(long upTo, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var rows = 0L;
        var after = 0L;
        for (List<LedgerLine> page; (page = await store.LedgerAsync(after, long.MaxValue, cancellationToken)).Count > 0; after = page[^1].Id)
        {
            foreach (var row in page)
            {
                if (row.Id <= upTo)
                {
                    row.AddTo(hash);
                    rows++;
                }

                if (row.Source is not { Reprocessed: false, Record: { } record } || Covered(record) is not { } partition)
                    continue;
                if (row.Outcome == Duplicate)
                    partition.Duplicate++;
                else
                    partition.NoEvent++;
                partition.Add(record.Offset, row.EventId);
            }

            await progress(page.Count);
        }

        return (rows, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private async Task DeadLettersAsync(CancellationToken cancellationToken)
    {
        var after = 0L;
        for (List<DeadLetterLine> page; (page = await store.DeadLettersAsync(after, cancellationToken)).Count > 0; after = page[^1].Id)
            foreach (var letter in page)
            {
                if (Covered(letter.Record) is not { } partition)
                    continue;
                partition.DeadLettered++;
                partition.Add(letter.Record.Offset, RecordIds.OfRecord(letter.EventId));
            }
    }

    private async Task StreamsAsync(long now, long events, CancellationToken cancellationToken)
    {
        var (after, inStreams) = ("", 0L);
        for (List<StreamLine> page; (page = await store.StreamsAsync(after, now, cancellationToken)).Count > 0; after = page[^1].Key)
            foreach (var stream in page)
            {
                inStreams += stream.Events;
                if (stream.Events != stream.Last || stream.Version < stream.Last)
                    find($"stream {stream.Key} has {stream.Events} events, the last of version {stream.Last}, and its row says version {stream.Version}");
            }

        if (inStreams != events)
            find($"the streams hold {inStreams} events up to sequence {now}, but {events} are there");
    }

    private PartitionTraces? Covered(Coordinates record) =>
        _partitions.TryGetValue((record.Topic, record.Incarnation, record.Partition), out var partition)
            && record.Offset >= partition.From && record.Offset < partition.To ? partition : null;
}
