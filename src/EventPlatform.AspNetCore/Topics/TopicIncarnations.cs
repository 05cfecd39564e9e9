using Confluent.Kafka;
using Confluent.Kafka.Admin;
using EventPlatform.AspNetCore.Http;
using EventPlatform.Hosting;

namespace EventPlatform.AspNetCore.Topics;

/// <summary>Which incarnation of a topic there is now: its id, which changes when it is created again. Asked at most once a second, for all.</summary>
internal sealed class TopicIncarnations
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);
    private readonly BrokerClients _clients;
    private readonly KafkaSettings _settings;
    private readonly BrokerWatermarks _watermarks;
    private readonly Shared<IReadOnlyDictionary<string, string>> _all;

    public TopicIncarnations(BrokerClients clients, KafkaSettings settings, BrokerWatermarks watermarks, TimeProvider time)
    {
        (_clients, _settings, _watermarks) = (clients, settings, watermarks);
        _all = new(QueryAsync, validFor: TimeSpan.FromSeconds(1), Timeout + TimeSpan.FromSeconds(2), time, whileComputing: TimeSpan.FromSeconds(1));
    }

    /// <summary>A topic's incarnation, or null when there is no such topic.</summary>
    /// <exception cref="KafkaException">The broker does not answer.</exception>
    public async Task<string?> OfAsync(string topic, CancellationToken cancellationToken) =>
        _settings.Incarnation ?? (await _all.GetAsync(cancellationToken)).GetValueOrDefault(topic);

    private async Task<IReadOnlyDictionary<string, string>> QueryAsync(CancellationToken cancellationToken)
    {
        var topics = TopicCollection.OfTopicNames((await _watermarks.GetAsync(cancellationToken)).Keys.Select(p => p.Topic).Distinct());
        try
        {
            return Ids((await _clients.Admin.CallAsync(admin => admin.DescribeTopicsAsync(topics, new() { RequestTimeout = Timeout }))).TopicDescriptions);
        }
        catch (DescribeTopicsException e)
        {
            return Ids(e.Results.TopicDescriptions); // one was deleted meanwhile; the others are there
        }
    }

    private static Dictionary<string, string> Ids(IEnumerable<TopicDescription> topics) =>
        topics.Where(t => !t.Error.IsError).ToDictionary(t => t.Name, t => t.TopicId.ToString());
}
