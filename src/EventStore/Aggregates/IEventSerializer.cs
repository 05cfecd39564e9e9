using System.Text.Json;

namespace EventStore.Aggregates;

/// <summary>
/// The one place that every event and snapshot passes on its way into the store and out of it. An implementation that encrypts
/// with a key per subject makes erasure possible: forget the key.
/// </summary>
public interface IEventSerializer
{
    /// <summary>Writes an event or a state as JSON. Anything it throws makes the record that gave the event a dead letter.</summary>
    /// <param name="streamKey">The stream, which names the subject.</param>
    /// <param name="value">The event or state.</param>
    string Serialize(string streamKey, object value);

    /// <summary>Reads what <see cref="Serialize"/> wrote.</summary>
    /// <param name="streamKey">The stream.</param>
    /// <param name="json">The stored text.</param>
    /// <param name="type">The class to read it as.</param>
    object Deserialize(string streamKey, string json, Type type);
}

/// <summary>Plain JSON, by <see cref="EventJson.Options"/>.</summary>
public sealed class JsonEventSerializer : IEventSerializer
{
    /// <inheritdoc/>
    public string Serialize(string streamKey, object value) => JsonSerializer.Serialize(value, value.GetType(), EventJson.Options);

    /// <inheritdoc/>
    public object Deserialize(string streamKey, string json, Type type) => JsonSerializer.Deserialize(json, type, EventJson.Options)
        ?? throw new JsonException($"A {type} in stream {streamKey} is stored as null.");
}
