namespace AppHost.Running;

/// <summary>What to start.</summary>
/// <param name="Data">The data folder, kept between runs.</param>
/// <param name="Silos">How many silos.</param>
/// <param name="Port">The page's port; the next free one when it is taken.</param>
/// <param name="Demo">Whether a gentle load runs.</param>
/// <param name="Kafka">Which broker: <c>emulator</c>, <c>apache</c>, an address, or null to choose.</param>
/// <param name="Settings">Settings for every part, by name.</param>
public sealed record UpOptions(string Data, int Silos, int Port, bool Demo, string? Kafka, Settings Settings)
{
    /// <summary>The options that the user typed; the others are defaults, and ask for nothing.</summary>
    public IReadOnlyCollection<string> Named { get; init; } = [];

    /// <summary>A file in the data folder's log folder.</summary>
    public string Log(string name) => Path.Combine(Data, "logs", $"{name}.log");
}
