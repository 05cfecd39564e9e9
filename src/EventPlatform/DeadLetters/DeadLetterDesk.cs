using EventPlatform.Intake;
using EventPlatform.Jobs;
using EventStore.DeadLetters;
using Orleans.Streams.Kafka;

namespace EventPlatform.DeadLetters;

/// <summary>What an operator does with dead letters: sends them again, or throws them away; each with a record of who did it.</summary>
public sealed class DeadLetterDesk(IDeadLetterStore store, IGrainFactory grains, AggregateDirectory aggregates)
{
    /// <summary>Sends a dead letter's record again, as it was or mended. It comes at the end of its stream.</summary>
    /// <param name="id">The dead letter.</param>
    /// <param name="who">The operator.</param>
    /// <param name="mended">What replaces key or payload, or null.</param>
    /// <param name="cancellationToken">Stops waiting; the record may still be taken.</param>
    public async Task<ReprocessOutcome> ReprocessAsync(long id, string who, MendedRecord? mended, CancellationToken cancellationToken)
    {
        // Two calls that mend the record in different ways would both have it taken: ids tell repetitions from each other, and these may differ.
        await using var claim = await store.TryClaimAsync(id, cancellationToken);
        if (claim is null)
            return new ReprocessOutcome(ReprocessResult.NotOpen, "Another call is sending it again at this moment.");
        if (await store.GetAsync(id, cancellationToken) is not { } dead)
            return new ReprocessOutcome(ReprocessResult.NotFound, null);
        if (dead.Status != DeadLetterStatus.Open)
            return new ReprocessOutcome(ReprocessResult.NotOpen, $"It was {dead.Status.ToString().ToLowerInvariant()} before.");
        var letter = dead.Letter;
        if (letter.Consumer.StartsWith(JobFaults.ConsumerPrefix, StringComparison.Ordinal))
            return new ReprocessOutcome(ReprocessResult.StillBad, "A job passed the record over, and its windows do not wait for it. Mend the job, start it under a new name to have everything counted, and discard this.");
        var key = mended?.Key ?? letter.Key;
        if (string.IsNullOrEmpty(key))
            return new ReprocessOutcome(ReprocessResult.StillBad, "The record has no key; give it one.");
        if (aggregates.Find(letter.Consumer, letter.Record.Topic) is not { } type)
            return new ReprocessOutcome(ReprocessResult.StillBad, $"No aggregate reads topic '{letter.Record.Topic}'.");

        var target = grains.GetGrain<IDeadLetterTarget>(GrainId.Create(type, key));
        var fault = await target.ReprocessAsync(new KafkaRecord
        {
            Topic = letter.Record.Topic,
            Incarnation = letter.Record.Incarnation,
            Partition = letter.Record.Partition,
            Offset = letter.Record.Offset,
            TimestampMs = letter.Timestamp.ToUnixTimeMilliseconds(),
            Key = key,
            Value = mended?.Payload ?? letter.Payload,
        });
        if (fault is not null)
            return new ReprocessOutcome(ReprocessResult.StillBad, fault);
        return await store.CloseAsync(id, DeadLetterStatus.Reprocessed, who, mended is null ? null : "mended", cancellationToken)
            ? new ReprocessOutcome(ReprocessResult.Done, null)
            : new ReprocessOutcome(ReprocessResult.NotOpen, "Another call reprocessed it at the same time.");
    }
}
