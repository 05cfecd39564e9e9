namespace Chaos.Running;

/// <summary>What to run.</summary>
/// <param name="Seed">The seed of the load and of the schedule.</param>
/// <param name="Faults">How many faults.</param>
/// <param name="Length">How long the load lasts.</param>
/// <param name="Silos">How many silos.</param>
/// <param name="RealKafka">Whether Apache Kafka is used, not the emulator.</param>
/// <param name="Data">The folder that everything lies in; reports are kept there.</param>
/// <param name="Rate">Records per second.</param>
/// <param name="Keys">How many users and accounts.</param>
/// <param name="Plant">A defect to plant into the silos, or null.</param>
/// <param name="Schedule">The faults, or null to make them from the seed.</param>
/// <param name="Kinds">The kinds of faults to choose from; empty: all that are possible.</param>
/// <param name="Keep">Whether all that the checker saw is kept even when it found nothing.</param>
public sealed record ChaosOptions(
    int Seed, int Faults, TimeSpan Length, int Silos, bool RealKafka, string Data, int Rate, int Keys, string? Plant = null,
    IReadOnlyList<Schedule.PlannedFault>? Schedule = null, IReadOnlyCollection<Schedule.FaultKind>? Kinds = null, bool Keep = false)
{
    /// <summary>Where reports are kept.</summary>
    public string Reports => Path.Combine(Data, "reports");
}
