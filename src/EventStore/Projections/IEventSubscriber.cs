using EventStore.Appending;

namespace EventStore.Projections;

/// <summary>
/// Acts on committed events, at least once and in their order: sends, calls, publishes. It is checkpointed like a projection, begins with the
/// first event ever stored, and one silo at a time runs it.
/// </summary>
public interface IEventSubscriber
{
    /// <summary>Its stable name, which its checkpoint is kept under: lower-case words joined by hyphens.</summary>
    string Name { get; }

    /// <summary>The events it wants, or interfaces that they share.</summary>
    IReadOnlyCollection<Type> Events { get; }

    /// <summary>
    /// Acts on a page of events. Events come again after a crash and after an exception, so acting twice must be harmless. An exception is
    /// tried again for a while; then the subscriber stops, failed, until it is resumed.
    /// </summary>
    /// <param name="events">The events, in order.</param>
    /// <param name="cancellationToken">Set when the subscriber must stop.</param>
    ValueTask HandleAsync(IReadOnlyList<SubscribedEvent> events, CancellationToken cancellationToken);
}

/// <summary>A committed event.</summary>
/// <param name="Stored">As the store holds it.</param>
/// <param name="Event">As the class that its aggregate raised.</param>
public readonly record struct SubscribedEvent(StoredEvent Stored, object Event);
