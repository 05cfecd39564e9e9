namespace EventStore.Aggregates;

/// <summary>
/// A stream's history cannot be folded: an event's class is gone, or <c>Apply</c> threw on it. Nothing is acknowledged or lost;
/// the stream stands still until the application can read its own history again.
/// </summary>
[GenerateSerializer]
public sealed class StreamUnreadableException(string message) : Exception(message);

/// <summary>Other writers moved a stream each time it was to be appended to. Nothing was written by this attempt: try again.</summary>
[GenerateSerializer]
public sealed class StreamContentionException(string message) : Exception(message);

/// <summary>The store refuses even the trace of a refused record or command. Nothing was written; this is a fault of the store's set-up.</summary>
[GenerateSerializer]
public sealed class AppendRefusedException(string message) : Exception(message);
