namespace EventPlatform.AspNetCore.Http;

/// <summary>Keys that a caller may not choose, because the application's own commands have them.</summary>
/// <param name="Prefix">How they begin.</param>
/// <param name="Why">Why, after a colon.</param>
internal sealed record ReservedKeys(string Prefix, string Why);
