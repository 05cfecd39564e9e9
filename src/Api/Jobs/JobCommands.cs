using Api.Topics;
using EventPlatform.Topics;
using StreamJobs;
using StreamJobs.Checkpoints;
using StreamJobs.Running;

namespace Api.Jobs;

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

    /// <summary>Why a job does not do what it was told.</summary>
    public static string Refusal(string verb, string job, JobState state) => (verb, state) switch
    {
        ("start", JobState.Cancelled) => $"Job '{job}' has results in its lake that are too old for the table (KeepResults). Beginning anew would lose them: set it back to a savepoint, or give the job another name.",
        ("start", _) => $"Job '{job}' is {Text(state)}, so it is in memory already: resume it.",
        (_, JobState.Cancelled) => $"Job '{job}' is cancelled, so there is nothing to {verb}: start it, and it begins anew, or set it back to a savepoint.",
        _ => $"Job '{job}' is stopped, so there is nothing to {verb}: start it first.",
    };

    private static string Text(JobState state) => state.ToString().ToLowerInvariant();
}
