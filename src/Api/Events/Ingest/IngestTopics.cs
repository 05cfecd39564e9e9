using System.Text.Json;
using EventPlatform.Topics;

namespace Api.Events.Ingest;

/// <summary>The topics that take records over HTTP.</summary>
internal sealed class IngestTopics(IEnumerable<IIngestTopic> topics, PlatformTopics platform)
{
    private readonly IIngestTopic[] _topics = [.. topics];

    public string Names => string.Join(", ", _topics.Select(t => t.Name));

    public IIngestTopic? Find(string name) => _topics.FirstOrDefault(t => t.Name == name);

    /// <summary>By the name on the broker, which an environment may change.</summary>
    public IIngestTopic? FindOnBroker(string name) => _topics.FirstOrDefault(t => platform.BrokerNameOf(t.Name) == name);

    /// <summary>The topic of a record, or of a batch's first.</summary>
    public IIngestTopic? Recognise(JsonElement body) => body.ValueKind == JsonValueKind.Array
        ? body.GetArrayLength() == 0 ? null : Recognise(body[0])
        : _topics.FirstOrDefault(t => t.Recognises(body));
}
