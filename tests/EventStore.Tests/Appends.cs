using EventStore.Appending;
using EventStore.DeadLetters;

namespace EventStore.Tests;

/// <summary>Short ways to say what a test appends.</summary>
internal static class Appends
{
    public static RecordCoordinates At(long offset, int partition = 0, string topic = "numbers", string incarnation = "i1") =>
        new(topic, incarnation, partition, offset);

    public static EventSource From(RecordCoordinates record, string digest = "d") => new(record, null, digest);

    public static EventToAppend Counted(int value, RecordCoordinates? at = null, Guid? id = null, string digest = "d") =>
        new(id ?? Guid.NewGuid(), "counted", $$"""{"value": {{value}}}""", at is { } record ? From(record, digest) : new(null, $"c{value}", digest));

    public static EventToAppend Counted(int value, string text) =>
        new(Guid.NewGuid(), "counted", $$"""{"value": {{value}}, "text": "{{text}}"}""", new(null, $"c{value}", "d"));

    public static EventToAppend Renamed(string name) =>
        new(Guid.NewGuid(), "renamed", $$"""{"name": "{{name}}"}""", new(null, $"r{name}", "d"));

    public static StreamAppend To(string key, long expected, params EventToAppend[] events) =>
        new() { StreamKey = key, AggregateName = "number", ExpectedVersion = expected, Events = events };

    public static DeadLetter Dead(RecordCoordinates at, string reason = "bad", byte[]? payload = null) =>
        new(at, "number", "k", 7, reason, DeadLetterKind.Undecodable, "boom", payload ?? [1, 2, 3], null, DateTimeOffset.UnixEpoch);
}
