using System.Collections.Frozen;

namespace EventPlatform.Topics;

/// <summary>The topics that the application defined, by logical name.</summary>
/// <param name="definitions">The topics.</param>
/// <param name="brokerNames">The names on the broker of those whose logical name differs from it.</param>
/// <param name="written">The names of those that the platform writes.</param>
public sealed class PlatformTopics(IEnumerable<TopicDefinition> definitions, IReadOnlyDictionary<string, string> brokerNames, IReadOnlySet<string> written)
{
    private readonly FrozenDictionary<string, TopicDefinition> _topics = definitions.ToFrozenDictionary(t => t.Name, StringComparer.Ordinal);

    /// <summary>Every topic.</summary>
    public IReadOnlyCollection<TopicDefinition> All => _topics.Values;

    /// <summary>Those that others fill: the platform writes neither its events, nor jobs' results, nor a join's inputs to them.</summary>
    public IEnumerable<TopicDefinition> Entrances => All.Where(t => !written.Contains(t.Name));

    /// <summary>A topic by its logical name, or null.</summary>
    public TopicDefinition? Find(string name) => _topics.GetValueOrDefault(name);

    /// <summary>The topic's name on the broker, which an environment may change.</summary>
    public string BrokerNameOf(string name) => brokerNames.GetValueOrDefault(name, name);
}
