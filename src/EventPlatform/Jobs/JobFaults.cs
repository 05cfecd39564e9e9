using EventPlatform.DeadLetters;
using EventStore;
using EventStore.DeadLetters;
using SchemaRegistry;
using StreamJobs.Running;

namespace EventPlatform.Jobs;

/// <summary>
/// Records that a job cannot use become dead letters in the job's name. One that nobody can read has its dead letter already where an aggregate takes the
/// topic's records too.
/// </summary>
internal sealed class JobFaults(IDeadLetterStore deadLetters, IReadOnlyList<AggregateSubscription> aggregates) : IJobFaults
{
    public async ValueTask AddAsync(
        string? job, string topic, int partition, IJobChunk chunk, int index, Exception error, CancellationToken cancellationToken)
    {
        if (job is null && aggregates.Any(a => a.Topic == topic))
            return;
        var record = ((JobChunk)chunk).Chunk[index];
        var value = record.HasValue ? record.Value.ToArray() : null;
        await deadLetters.AddAsync(
            new DeadLetter(
                new RecordCoordinates(((JobChunk)chunk).Chunk.Topic, chunk.Incarnation, partition, record.Offset), job is null ? "jobs" : $"job/{job}",
                record.KeyText, WireFormat.TryReadSchemaId(value), error.Message, job is null ? DeadLetterKind.Undecodable : DeadLetterKind.JobFailed,
                error.ToString(), value, null, DateTimeOffset.FromUnixTimeMilliseconds(record.TimestampMs)),
            cancellationToken);
    }
}
