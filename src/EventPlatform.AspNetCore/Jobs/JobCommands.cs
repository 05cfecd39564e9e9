using EventPlatform.AspNetCore.Topics;
using EventPlatform.Topics;
using StreamJobs;
using StreamJobs.Checkpoints;

namespace EventPlatform.AspNetCore.Jobs;

/// <summary>What operators may do with a job, and what they are told when they may not.</summary>
internal sealed class JobCommands(JobControls controls, BrokerWatermarks broker, PlatformTopics topics)
{
    public JobControls Controls => controls;

    /// <summary>The oldest offset that Kafka has of each partition of a job's topic.</summary>
    public async Task<IReadOnlyDictionary<int, long>> OldestAsync(Job job, CancellationToken cancellationToken)
    {
        var name = topics.BrokerNameOf(job.Topic);
        return (await broker.GetAsync(cancellationToken)).Where(m => m.Key.Topic == name).ToDictionary(m => m.Key.Partition.Value, m => m.Value.Low);
    }

    /// <summary>The state that a job is in, or goes to, when it was told something.</summary>
    public static string StateAfter(string verb) => verb switch
    {
        "pause" => "paused",
        "drain" => "draining",
        "stop" => "stopped",
        "cancel" => "cancelled",
        _ => "running",
    };

    /// <summary>Why a job does not do what it was told, and what to do.</summary>
    public static string Refusal(string verb, string job, JobRefusal refusal) => refusal switch
    {
        JobRefusal.Paused => $"Job '{job}' is paused, so it is in memory already: resume it.",
        JobRefusal.Draining => $"Job '{job}' is draining, or drained: it cannot be {Done(verb)}. Set it back to a savepoint, and it goes on from there; or cancel it and start it, and it begins anew with the oldest records that there are.",
        JobRefusal.Stopped => $"Job '{job}' is stopped, so there is nothing to {verb}: start it first.",
        JobRefusal.Cancelled => $"Job '{job}' is cancelled, so there is nothing to {verb}: start it, and it begins anew, or set it back to a savepoint.",
        JobRefusal.InLakeAlone => $"Job '{job}' has results in its lake that are too old for the table (KeepResults); if it began anew, they would be lost. Stop it, or give the job another name.",
        JobRefusal.RecordsGone => $"Job '{job}' was paused or stopped for so long that Kafka has dropped records that it has not taken. Cancel it, and it begins anew with the oldest that there are when it is started.",
        _ => $"Kafka does not say where a partition of the topic of job '{job}' begins; it may have no leader now (see /topics). Try again.",
    };

    private static string Done(string verb) => verb switch
    {
        "stop" => "stopped",
        "pause" or "resume" => $"{verb}d",
        _ => $"{verb}ed",
    };
}
