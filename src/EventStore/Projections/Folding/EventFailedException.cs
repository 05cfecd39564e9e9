using EventStore.Appending;

namespace EventStore.Projections.Folding;

/// <summary>A projection or subscriber failed on an event. It stops there; <see cref="Exception.InnerException"/> says why.</summary>
internal sealed class EventFailedException(StoredEvent failed, Exception cause) : Exception(
    $"It failed on event {failed.Sequence} ('{failed.TypeName}', version {failed.Version} of stream '{failed.StreamKey}'): {cause.Message}", cause)
{
    public StoredEvent Failed { get; } = failed;
}
