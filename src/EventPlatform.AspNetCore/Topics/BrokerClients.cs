using Confluent.Kafka;
using Orleans.Streams.Kafka;

namespace EventPlatform.AspNetCore.Topics;

/// <summary>The one admin client of this process.</summary>
internal sealed partial class BrokerClients : IDisposable
{
    private readonly ILogger<BrokerClients> _logger;

    public BrokerClients(KafkaConnection connection, ILogger<BrokerClients> logger)
    {
        _logger = logger;
        Admin = new(() => new AdminClientBuilder(connection.ClientConfig()).SetLogHandler(Log).SetErrorHandler((_, error) => LogError(error.Reason)).Build());
    }

    public SharedKafkaClient<IAdminClient> Admin { get; }

    public void Dispose() => Admin.Dispose();

    private void Log(IAdminClient client, LogMessage message) => LogClient(message.Message);

    [LoggerMessage(5150, LogLevel.Debug, "Kafka: {Message}")]
    private partial void LogClient(string message);

    [LoggerMessage(5151, LogLevel.Debug, "Kafka does not answer: {Reason}")]
    private partial void LogError(string reason);
}
