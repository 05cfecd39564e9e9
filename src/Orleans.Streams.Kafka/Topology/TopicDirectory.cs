using System.Collections.Concurrent;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Orleans.Streams.Kafka.Hosting;
using Orleans.Streams.Kafka.Status;

namespace Orleans.Streams.Kafka.Topology;

/// <summary>A topic that exists.</summary>
internal sealed record TopicInfo(string Stream, string Topic, string Incarnation, int Partitions, bool PublishOnly);

/// <summary>
/// Knows the provider's topics: how many partitions each has, and which incarnation it is. Looks again at an interval, so that new partitions and
/// recreated topics are noticed; waits for a broker that isn't there; creates what is missing if it may.
/// </summary>
internal sealed class TopicDirectory(string provider, KafkaProviderOptions options, StatusBoard status, TimeProvider time, ILogger logger) : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>The pause between two looks while something is missing: the interval is for an orderly look, not for what may be there any moment.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly SharedKafkaClient<IAdminClient> _admin = new(() => new AdminClientBuilder(ClientSettings.Admin(options))
        .SetErrorHandler((_, error) => KafkaLog.ConsumerTrouble(logger, provider, error.Reason))
        .SetLogHandler((_, line) => KafkaLog.Librdkafka(logger, line.Name, line.Message))
        .Build());

    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly ConcurrentDictionary<string, string> _errors = new(StringComparer.Ordinal);

    /// <summary>What the broker said of topics, by their names, that are not simply missing: it does not show them to us, or not now.</summary>
    private volatile IReadOnlyDictionary<string, Error> _refused = new Dictionary<string, Error>(StringComparer.Ordinal);
    private volatile IReadOnlyDictionary<string, TopicInfo> _topics = new Dictionary<string, TopicInfo>(StringComparer.Ordinal);
    private volatile IReadOnlyDictionary<string, TopicInfo> _known = new Dictionary<string, TopicInfo>(StringComparer.Ordinal);
    private Task? _loop;
    private volatile string? _unreachable;
    private TaskCompletionSource _suspected = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Why the brokers cannot be reached; null when they can, as far as is known.</summary>
    public string? Unreachable => _unreachable;

    /// <summary>The topics that are there, by stream.</summary>
    public IReadOnlyDictionary<string, TopicInfo> Topics => _topics;

    /// <summary>
    /// The topics that are there or were: one that is gone keeps its queues, whose sessions then say so, and go on when it is created again.
    /// </summary>
    public IReadOnlyDictionary<string, TopicInfo> Known => _known;

    /// <summary>Raised when a topic appeared, grew, or became another one.</summary>
    public event Action? Changed;

    public void Start()
    {
        foreach (var (stream, topic) in options.Streams)
        {
            status.Set(new(provider, stream, topic.Topic, null, 0, "not looked up yet"));
        }

        _loop ??= Task.Run(LoopAsync);
    }

    /// <summary>A consumer has lost its brokers: they count as unreachable until the next look, which is now.</summary>
    public void Suspect(string reason)
    {
        _unreachable ??= reason;
        _suspected.TrySetResult();
    }

    /// <summary>Asks the broker now.</summary>
    /// <exception cref="KafkaException">The broker cannot be reached, or the topic isn't there.</exception>
    public async Task<TopicInfo> LookUpAsync(string stream, CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken);
        if (_topics.TryGetValue(stream, out var topic))
        {
            return topic;
        }

        _suspected.TrySetResult(); // it may have been deleted: who looks next creates it
        var code = _refused.TryGetValue(options.Streams[stream].Topic, out var refused) ? refused.Code : Confluent.Kafka.ErrorCode.UnknownTopicOrPart;
        throw new KafkaException(new Error(code, _errors.GetValueOrDefault(stream, "the topic isn't there")));
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _loop?.GetAwaiter().GetResult();
        _admin.Dispose();
        _stopping.Dispose();
        _one.Dispose();
    }

    private async Task LoopAsync()
    {
        var (saidUnreachable, creating, triedAt) = (false, Task.CompletedTask, (long?)null);
        var soon = Soon < options.MetadataInterval ? Soon : options.MetadataInterval;
        try
        {
            while (true)
            {
                var wait = options.MetadataInterval;
                try
                {
                    _suspected = new(TaskCreationOptions.RunContinuationsAsynchronously);
                    await RefreshAsync(_stopping.Token);
                    saidUnreachable = false;
                    var missing = options.Streams.Where(s => !_topics.ContainsKey(s.Key)).Select(s => s.Value).ToList();
                    wait = missing.Count > 0 ? soon : wait;
                    missing.RemoveAll(t => _refused.ContainsKey(t.Topic)); // it may well be there
                    if (missing.Count > 0 && options.CreateMissingTopics && creating.IsCompleted && (triedAt is not { } at || time.GetElapsedTime(at) >= options.MetadataInterval))
                    {
                        // Beside the looks: a broker may take its time to say that it creates nothing.
                        (creating, triedAt) = (CreateAsync(missing), time.GetTimestamp());
                    }
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    wait = soon;
                    OnUnreachable(NoController.OfDescription(exception is KafkaException kafka ? kafka.Error.Reason : exception.Message), saidUnreachable ? null : wait);
                    saidUnreachable = true;
                }

                using var tick = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
                await Task.WhenAny([Task.Delay(wait, time, tick.Token), _suspected.Task, .. creating.IsCompleted ? Array.Empty<Task>() : [creating]]);
                await tick.CancelAsync();
                _stopping.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void OnUnreachable(string reason, TimeSpan? sayInterval)
    {
        _unreachable = reason;
        foreach (var (stream, topic) in options.Streams.Where(s => !_topics.ContainsKey(s.Key)))
        {
            status.Set(new(provider, stream, topic.Topic, null, 0, reason));
        }

        if (sayInterval is { } interval)
        {
            KafkaLog.TopicsUnknown(logger, provider, interval, reason);
        }
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var (found, refused) = await DescribeAsync(cancellationToken);
            _unreachable = null;
            Publish(found, refused);
        }
        finally
        {
            _one.Release();
        }
    }

    private void Publish(Dictionary<string, TopicInfo> found, Dictionary<string, Error> refused)
    {
        var before = _known;
        foreach (var (stream, topic) in options.Streams.Where(s => _refused.ContainsKey(s.Value.Topic) && !refused.ContainsKey(s.Value.Topic)))
        {
            _errors.TryRemove(stream, out _); // it is shown now, or it is missing: that is said below
        }

        _refused = refused;
        _topics = found;
        _known = before.Where(t => !found.ContainsKey(t.Key)).Concat(found).ToDictionary(StringComparer.Ordinal);
        var changed = false;
        foreach (var (stream, topic) in options.Streams)
        {
            if (found.TryGetValue(stream, out var info))
            {
                _errors.TryRemove(stream, out _);
                status.Set(new(provider, stream, topic.Topic, info.Incarnation, info.Partitions, null));
                if (!before.TryGetValue(stream, out var former) || former != info)
                {
                    changed = true;
                    KafkaLog.TopicFound(logger, info.Topic, info.Partitions, info.Incarnation);
                }
            }
            else if (refused.TryGetValue(topic.Topic, out var error))
            {
                var advice = error.Code is Confluent.Kafka.ErrorCode.TopicAuthorizationFailed ? "; allow the user of these clients to describe it, and to read it or write to it" : "";
                var reason = $"the broker says of it: {error.Reason}{advice}";
                if (_errors.GetValueOrDefault(stream) != reason)
                {
                    _errors[stream] = reason;
                    KafkaLog.TopicError(logger, topic.Topic, reason);
                }

                status.Set(new(provider, stream, topic.Topic, null, 0, reason));
            }
            else
            {
                var reason = _errors.GetValueOrDefault(stream)
                    ?? (options.CreateMissingTopics ? "it is being created" : "it does not exist; create it, or set CreateMissingTopics");
                if (!options.CreateMissingTopics && _errors.TryAdd(stream, reason))
                {
                    KafkaLog.TopicError(logger, topic.Topic, reason);
                }

                status.Set(new(provider, stream, topic.Topic, null, 0, reason));
            }
        }

        if (changed)
        {
            Changed?.Invoke();
        }
    }

    private async Task<(Dictionary<string, TopicInfo> Found, Dictionary<string, Error> Refused)> DescribeAsync(CancellationToken cancellationToken)
    {
        var described = options.Incarnation is { } given
            ? (await OwnThread.RunAsync(() => _admin.Call(admin => admin.GetMetadata(Timeout)))).Topics
                .Select(t => (Name: t.Topic, t.Error, Incarnation: given, Partitions: t.Partitions.Count))
            : (await DescribeWithIdsAsync(cancellationToken)).Select(t => (t.Name, t.Error, Incarnation: t.TopicId.ToString(), Partitions: t.Partitions.Count));
        var answers = described.ToDictionary(t => t.Name, StringComparer.Ordinal);
        var found = options.Streams
            .Where(s => answers.TryGetValue(s.Value.Topic, out var answer) && !answer.Error.IsError)
            .Select(s => (s.Key, s.Value, Answer: answers[s.Value.Topic]))
            .ToDictionary(
                s => s.Key, s => new TopicInfo(s.Key, s.Value.Topic, s.Answer.Incarnation, s.Answer.Partitions, s.Value.PublishOnly), StringComparer.Ordinal);
        var refused = answers.Values
            .Where(t => t.Error.IsError && t.Error.Code is not (Confluent.Kafka.ErrorCode.UnknownTopicOrPart or Confluent.Kafka.ErrorCode.Local_UnknownTopic))
            .ToDictionary(t => t.Name, t => t.Error, StringComparer.Ordinal);
        return (found, refused);
    }

    private async Task<IReadOnlyList<TopicDescription>> DescribeWithIdsAsync(CancellationToken cancellationToken)
    {
        try
        {
            var topics = TopicCollection.OfTopicNames(options.Streams.Values.Select(t => t.Topic));
            var result = await _admin.CallAsync(admin => admin.DescribeTopicsAsync(topics, new() { RequestTimeout = Timeout }).WaitAsync(cancellationToken));
            return result.TopicDescriptions;
        }
        catch (DescribeTopicsException exception)
        {
            // One missing topic makes the whole call throw; the others' answers are in it.
            return exception.Results.TopicDescriptions;
        }
    }

    /// <summary>Asks for topics to be created. Never throws: what came of it is seen at the next look, or said.</summary>
    private async Task CreateAsync(IEnumerable<KafkaTopicOptions> topics)
    {
        var specifications = topics
            .Select(t => new TopicSpecification { Name = t.Topic, NumPartitions = t.Partitions, ReplicationFactor = t.ReplicationFactor })
            .ToList();
        try
        {
            await _admin.Call(admin => admin.CreateTopicsAsync(specifications, new() { RequestTimeout = Timeout, OperationTimeout = Timeout })).WaitAsync(_stopping.Token);
            specifications.ForEach(s => KafkaLog.TopicCreated(logger, s.Name, s.NumPartitions));
        }
        catch (CreateTopicsException exception)
        {
            var failed = exception.Results.Where(r => r.Error.IsError && r.Error.Code != Confluent.Kafka.ErrorCode.TopicAlreadyExists).ToList();
            foreach (var topic in failed)
            {
                CreationFailed(topic.Topic, topic.Error.Reason);
            }
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or ObjectDisposedException))
        {
            // The broker answers, but creates nothing, as the emulator. The topics that are there must not suffer for it.
            specifications.ForEach(s => CreationFailed(s.Name, NoController.OfCreation(exception is KafkaException kafka ? kafka.Error.Reason : exception.Message)));
        }
        catch (Exception)
        {
            // The directory is stopping.
        }
    }

    private void CreationFailed(string topic, string reason)
    {
        var stream = options.Streams.First(s => s.Value.Topic == topic).Key;
        var error = $"it is missing and could not be created: {reason}";
        if (!_topics.ContainsKey(stream) && _errors.GetValueOrDefault(stream) != error)
        {
            _errors[stream] = error;
            KafkaLog.TopicError(logger, topic, error);
        }
    }
}
