namespace Chaos.Schedule;

/// <summary>What can be done to the system.</summary>
public enum FaultKind
{
    SiloKilled,
    SiloStopped,
    SiloStoppedBeyondLease,
    SiloAdded,
    SiloRemoved,
    BrokerKilled,
    BrokerAway,
    BrokerErrors,
    BackendsTerminated,
    PostgresStoppedImmediately,
    ConnectionsCut,
    ConnectionsDelayed,
    PartitionAdded,
}

/// <summary>A fault as it is planned.</summary>
/// <param name="At">When, in seconds from the beginning of the load.</param>
/// <param name="Kind">What.</param>
/// <param name="Target">Which of several: taken modulo their number.</param>
/// <param name="Seconds">How long it lasts, where it lasts.</param>
public sealed record PlannedFault(double At, FaultKind Kind, int Target, double Seconds);

/// <summary>A schedule: a function of the seed and of what is possible, and of nothing else.</summary>
public static class FaultPlan
{
    /// <summary>How often each kind comes, relative to the others.</summary>
    private static readonly (FaultKind Kind, int Weight)[] Weights =
    [
        (FaultKind.SiloKilled, 6), (FaultKind.SiloStopped, 2), (FaultKind.SiloStoppedBeyondLease, 3), (FaultKind.SiloAdded, 2), (FaultKind.SiloRemoved, 2),
        (FaultKind.BrokerKilled, 3), (FaultKind.BrokerAway, 2), (FaultKind.BrokerErrors, 2), (FaultKind.BackendsTerminated, 4), (FaultKind.PostgresStoppedImmediately, 3),
        (FaultKind.ConnectionsCut, 6), (FaultKind.ConnectionsDelayed, 3), (FaultKind.PartitionAdded, 1),
    ];

    /// <summary>What can be done on a real Kafka, or on the emulator.</summary>
    public static IReadOnlyList<FaultKind> Possible(bool realKafka) =>
        [.. Enum.GetValues<FaultKind>().Where(k => k is FaultKind.BrokerKilled or FaultKind.PartitionAdded ? realKafka : k is not (FaultKind.BrokerAway or FaultKind.BrokerErrors) || !realKafka)];

    /// <summary>Those of the kinds asked for, or all that are possible when none is asked for.</summary>
    /// <param name="asked">The kinds asked for; may be empty.</param>
    /// <param name="realKafka">Whether Apache Kafka is used, not the emulator.</param>
    /// <exception cref="InvalidOperationException">One that is asked for cannot be done there.</exception>
    public static IReadOnlyList<FaultKind> Choose(IReadOnlyCollection<FaultKind> asked, bool realKafka)
    {
        var possible = Possible(realKafka);
        var impossible = asked.Except(possible).ToArray();
        return impossible.Length > 0
            ? throw new InvalidOperationException($"{string.Join(", ", impossible)} cannot be done on {(realKafka ? "Apache Kafka" : "the emulator")}. Possible there: {string.Join(", ", possible)}.")
            : asked.Count == 0 ? possible : [.. possible.Where(asked.Contains)];
    }

    /// <summary>Makes the schedule.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="faults">How many faults.</param>
    /// <param name="length">How long the load lasts.</param>
    /// <param name="possible">The kinds to choose from.</param>
    public static IReadOnlyList<PlannedFault> Make(int seed, int faults, TimeSpan length, IReadOnlyList<FaultKind> possible)
    {
        var random = new Random(seed);
        var deck = Weights.Where(w => possible.Contains(w.Kind)).SelectMany(w => Enumerable.Repeat(w.Kind, w.Weight)).ToArray();
        var planned = new List<PlannedFault>();
        for (var i = 0; i < faults; i++)
        {
            // Dealt, not drawn: every kind comes before one comes far too often.
            if (i % deck.Length == 0)
                random.Shuffle(deck);
            var at = length.TotalSeconds * (i + 0.2 + 0.6 * random.NextDouble()) / faults;
            var kind = deck[i % deck.Length];
            planned.Add(new(Math.Round(at, 3), kind, random.Next(1_000), Math.Round(Duration(kind, random.NextDouble()), 3)));
        }

        return planned;
    }

    private static double Duration(FaultKind kind, double x) => kind switch
    {
        FaultKind.SiloStopped => 1 + 2 * x,
        FaultKind.SiloStoppedBeyondLease => 16 + 6 * x,
        FaultKind.BrokerKilled or FaultKind.BrokerAway => 1 + 4 * x,
        FaultKind.PostgresStoppedImmediately => 0.5 + 4 * x,
        FaultKind.ConnectionsDelayed => 2 + 3 * x,
        _ => 0,
    };
}
