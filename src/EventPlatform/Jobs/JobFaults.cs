using EventPlatform.DeadLetters;
using EventPlatform.Intake;
using EventPlatform.Topics;
using EventStore;
using EventStore.DeadLetters;
using SchemaRegistry;
using StreamJobs.Running;

namespace EventPlatform.Jobs;

/// <summary>
/// Records that a job cannot use become dead letters in the job's name. One that nobody can read, or that has no key, has its dead letter already where an
/// aggregate takes the topic's records too; one that only the jobs' type cannot take has none, and gets one in the name of all jobs.
/// </summary>
internal sealed class JobFaults(IDeadLetterStore deadLetters, IReadOnlyList<AggregateSubscription> aggregates, PlatformTopics topics) : IJobFaults
{
    /// <summary>What the consumer of a job's dead letter begins with. The record may be stored all the same: an aggregate is another consumer.</summary>
    public const string ConsumerPrefix = "job/";

    private const string AllJobs = ConsumerPrefix + "*";

    public async ValueTask AddAsync(JobFault fault, CancellationToken cancellationToken)
    {
        if (IsAnybodys(fault) && aggregates.Any(a => a.Topic == fault.Topic))
            return;
        await deadLetters.AddAsync(
            new DeadLetter(
                new RecordCoordinates(topics.BrokerNameOf(fault.Topic), fault.Incarnation, fault.Partition, fault.Offset),
                fault.Job is null ? AllJobs : ConsumerPrefix + fault.Job, fault.Key, WireFormat.TryReadSchemaId(fault.Value), fault.Error.Message,
                fault.Job is null ? DeadLetterKind.Undecodable : DeadLetterKind.JobFailed, fault.Error.ToString(), fault.Value, null,
                KafkaTime.Of(fault.TimestampMs)),
            cancellationToken);
    }

    private static bool IsAnybodys(JobFault fault) => fault.Job is null ? !IsOfTheType(fault.Error) : fault.Error is UnkeyedRecordException;

    /// <summary>Whether the trouble is the C# type's that jobs read, so that another type may read the record.</summary>
    private static bool IsOfTheType(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
        {
            if (error is FieldFormatException or InvalidSchemaException)
                return true;
        }

        return false;
    }
}
