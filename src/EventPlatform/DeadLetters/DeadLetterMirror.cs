using EventPlatform.Hosting;
using EventStore.DeadLetters;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Streams.Kafka;

namespace EventPlatform.DeadLetters;

/// <summary>
/// Publishes every dead letter to a Kafka topic, at least once, for those who watch topics rather than our table. The table stays the truth:
/// nothing waits for the topic, and what cannot be published now is published later.
/// </summary>
internal sealed partial class DeadLetterMirror(
    IDeadLetterOutbox outbox, DeadLetterProducer producer, DeadLetterMirrorStatus status, IKafkaStreamsStatus streams, TimeProvider time,
    ILogger<DeadLetterMirror> logger) : BackgroundService
{
    private const int PageSize = 100;
    private const long PageBytes = 8 * 1024 * 1024;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // Longer than a try of the producer, which ends by itself.
    private static readonly TimeSpan Claim = 3 * DeadLetterProducer.Patience;

    // At a start, and for a moment, the topic is not known yet: that is not worth a line.
    private const int PassesBeforeSaid = 5;
    private int _failedPasses;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                Report(await DrainAsync(stoppingToken), null);
                status.Waiting = await outbox.CountAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                Report(e.Message, e);
            }

            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Publishes what waits. Returns why it had to stop, or null.</summary>
    private async Task<string?> DrainAsync(CancellationToken stopping)
    {
        // A producer would have the broker create a missing topic with its own settings, so ask first.
        if (streams.Topics.FirstOrDefault(t => t.Stream == KafkaSettings.DeadLetterStream) is not { Error: null } topic)
            return "its topic is not there yet; see the topics' health";
        while (await outbox.ClaimAsync(PageSize, PageBytes, Claim, stopping) is { Count: > 0 } letters)
        {
            var errors = await Task.WhenAll(letters.Select(letter => producer.PublishAsync(topic.Topic, letter)));
            var results = letters.Zip(errors, (letter, error) => (letter.Id, Error: error)).ToLookup(r => r.Error is null);
            // What the broker has taken is marked even while the silo stops.
            await outbox.SettleAsync([.. results[true].Select(r => r.Id)], [.. results[false].Select(r => r.Id)], CancellationToken.None);
            status.Published(results[true].Count());
            if (results[false].FirstOrDefault().Error is { } error)
                return error.Reason;
        }

        return null;
    }

    private void Report(string? error, Exception? exception)
    {
        status.Error = error;
        if (error is null)
        {
            if (_failedPasses >= PassesBeforeSaid)
                LogWorking();
            _failedPasses = 0;
        }
        else if (++_failedPasses == PassesBeforeSaid)
        {
            LogFailing(error, exception);
        }
    }

    [LoggerMessage(3010, LogLevel.Warning, "Dead letters cannot be mirrored to their topic; it is tried again every second (said once): {Reason}")]
    private partial void LogFailing(string reason, Exception? exception);

    [LoggerMessage(3011, LogLevel.Information, "Dead letters are mirrored to their topic again.")]
    private partial void LogWorking();
}
