using System.Text.Json;
using EventStore;
using EventStore.Appending;

namespace EventPlatform.AspNetCore.Events;

/// <summary>A stored event, with where it came from.</summary>
/// <param name="Id">The event's id.</param>
/// <param name="Stream">The stream it belongs to: <c>aggregate/id</c>.</param>
/// <param name="Version">Its number in its stream, from 1.</param>
/// <param name="Sequence">Its number in the store.</param>
/// <param name="Type">What happened.</param>
/// <param name="Data">The event.</param>
/// <param name="StoredAt">When it was committed.</param>
/// <param name="Record">The Kafka record that gave it, or absent for a command.</param>
/// <param name="Command">The id of the command that gave it, or absent for a record.</param>
/// <param name="Index">0 for the first event that its record or command gave.</param>
/// <param name="Reprocessed">True when the record came back from the dead letters.</param>
/// <param name="TraceParent">The W3C trace context, if the record carried one.</param>
public sealed record EventItem(
    Guid Id, string Stream, long Version, long Sequence, string Type, JsonElement Data, DateTimeOffset StoredAt,
    RecordCoordinates? Record, string? Command, int Index, bool Reprocessed, string? TraceParent)
{
    internal static EventItem Of(StoredEvent e) => new(
        e.Id, e.StreamKey, e.Version, e.Sequence, e.TypeName, JsonSerializer.Deserialize<JsonElement>(e.Data), e.Timestamp,
        e.Source?.Record, e.Source?.CommandId, e.Source?.Index ?? 0, e.Source?.Reprocessed ?? false, e.Source?.TraceParent);
}
