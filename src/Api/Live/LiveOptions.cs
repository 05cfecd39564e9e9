namespace Api.Live;

/// <summary>The live feed. Section <c>Api</c> of the configuration, with the API's other options.</summary>
public sealed class LiveOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Api";

    /// <summary>The most clients of the live feed; the next is answered with 503. Default 200.</summary>
    public int MaxLiveClients { get; set; } = 200;

    /// <summary>How often the live feed sends a snapshot. Default 500 ms. It is computed once for all clients.</summary>
    public TimeSpan LiveInterval { get; set; } = TimeSpan.FromMilliseconds(500);
}
