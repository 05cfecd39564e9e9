using EventPlatform.Topics;

namespace EventPlatform.AspNetCore.Events.Ingest;

/// <summary>The topics that take records over HTTP: those that the application declares and does not write itself.</summary>
internal sealed class IngestTopics
{
    private readonly PlatformTopics _platform;
    private readonly IIngestTopic[] _topics;

    public IngestTopics(IEnumerable<IIngestTopic> special, PlatformTopics platform, IServiceProvider services)
    {
        _platform = platform;
        var own = special.ToArray();
        _topics = [.. own, .. platform.Entrances.Where(t => own.All(o => o.Name != t.Name)).OrderBy(t => t.Name, StringComparer.Ordinal).Select(Declared)];

        IIngestTopic Declared(TopicDefinition topic) =>
            (IIngestTopic)ActivatorUtilities.CreateInstance(services, typeof(DeclaredTopic<>).MakeGenericType(topic.RecordType), topic);
    }

    public string Names => string.Join(", ", _topics.Select(t => t.Name));

    public IIngestTopic? Find(string name) => _topics.FirstOrDefault(t => t.Name == name);

    /// <summary>By the name on the broker, which an environment may change.</summary>
    public IIngestTopic? FindOnBroker(string name) => _topics.FirstOrDefault(t => _platform.BrokerNameOf(t.Name) == name);
}
