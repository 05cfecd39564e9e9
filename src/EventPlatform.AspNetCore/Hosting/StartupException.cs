namespace EventPlatform.AspNetCore.Hosting;

/// <summary>A start that cannot succeed before someone changes the configuration; the message says what.</summary>
internal sealed class StartupException(string message) : Exception(message);
