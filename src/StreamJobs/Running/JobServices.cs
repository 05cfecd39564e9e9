using Microsoft.Extensions.Logging;
using StreamJobs.Checkpoints;
using StreamJobs.Sinks;

namespace StreamJobs.Running;

/// <summary>What running jobs need of their host.</summary>
/// <param name="Store">Where they keep what they must not lose.</param>
/// <param name="Options">How they run.</param>
/// <param name="Readers">How records are read.</param>
/// <param name="Encoder">How results are written.</param>
/// <param name="Faults">Where records go that cannot be used.</param>
/// <param name="Sinks">How topics are reached.</param>
/// <param name="Notify">Called with a job's name when a partition of it has moved on; must not block.</param>
/// <param name="PartitionsOf">How many partitions a topic has, by its logical name; null while that is not known.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logger">Event ids 4000 to 4999.</param>
public sealed record JobServices(
    JobStore Store, JobOptions Options, IJobRecordReaders Readers, IJobRecordEncoder Encoder, IJobFaults Faults, TopicConnection Sinks, Action<string> Notify,
    Func<string, int?> PartitionsOf, TimeProvider Time, ILogger Logger);
