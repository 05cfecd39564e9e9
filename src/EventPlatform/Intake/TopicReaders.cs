using System.Collections.Frozen;
using EventPlatform.Topics;
using Microsoft.Extensions.DependencyInjection;

namespace EventPlatform.Intake;

/// <summary>The reader of each topic, by the topic's name on the broker.</summary>
public sealed class TopicReaders
{
    private readonly FrozenDictionary<string, object> _readers;

    /// <summary>Makes a reader for each topic that was defined.</summary>
    public TopicReaders(PlatformTopics topics, IServiceProvider services)
    {
        _readers = topics.All.ToFrozenDictionary(
            t => topics.BrokerNameOf(t.Name),
            t => ActivatorUtilities.CreateInstance(services, typeof(TopicReader<>).MakeGenericType(t.RecordType), t),
            StringComparer.Ordinal);
    }

    /// <summary>The reader of a topic.</summary>
    /// <param name="topic">The topic's name on the broker.</param>
    /// <exception cref="InvalidOperationException">The topic is not defined, or with another record type.</exception>
    public TopicReader<TRecord> Of<TRecord>(string topic)
        where TRecord : class =>
        _readers.GetValueOrDefault(topic) as TopicReader<TRecord>
        ?? throw new InvalidOperationException(
            $"Topic '{topic}' is not defined with records of {typeof(TRecord).Name}. Define it in AddEventPlatform with Topic<{typeof(TRecord).Name}>(...).");
}
