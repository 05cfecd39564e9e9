namespace EventPlatform.Intake;

/// <summary>How records are judged on their way in. Section <c>Intake</c> of the configuration.</summary>
public sealed class IntakeOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Intake";

    /// <summary>
    /// How far a record's own time may lie ahead of its Kafka timestamp; one further ahead is a dead letter, because a wrong clock would
    /// otherwise move every "newest" there is. Default 1 day. The past has no limit: an old fact is still a fact.
    /// </summary>
    public TimeSpan MaxFutureSkew { get; set; } = TimeSpan.FromDays(1);
}
