using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Contracts.Records;
using HdrHistogram;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace Latency;

/// <summary>
/// Sends records at a steady rate and measures each from the moment it was due, not from when it could be sent: a stall is counted for every
/// record that it held up.
/// </summary>
internal sealed class Sampler : IDisposable
{
    private const string Topic = "user-events";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Settings _settings;
    private readonly HttpClient _http;
    private readonly IProducer<byte[], byte[]> _producer;
    private readonly IConsumer<Ignore, Ignore> _consumer;
    private readonly AvroRecordEncoder<UserRecord> _encoder;
    private readonly ConcurrentDictionary<(int Partition, long Offset), long> _due = new();
    private readonly ConcurrentDictionary<(int Partition, long Offset), long> _consumed = new();
    private volatile bool _ended;
    private long _neverSeen;

    private Sampler(Settings settings, string api, string kafka, AvroRecordEncoder<UserRecord> encoder)
    {
        (_settings, _encoder) = (settings, encoder);
        _http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1024 }) { BaseAddress = new Uri(api), Timeout = Patience };
        _producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig
        {
            BootstrapServers = kafka,
            Acks = Acks.All,
            EnableIdempotence = true,
            LingerMs = 1,
            Partitioner = Confluent.Kafka.Partitioner.Murmur2Random,
        }).Build();
        _consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig
        {
            BootstrapServers = kafka,
            GroupId = "latency-benchmark",
            EnableAutoCommit = false,
            FetchWaitMaxMs = 10,
            ConsumeResultFields = "none",
        }).Build();
    }

    /// <summary>Produce to the first HTTP answer that includes the record, in microseconds.</summary>
    public LongConcurrentHistogram Seen { get; } = new(1, TimeSpan.FromMinutes(1).Ticks / 10, 3);

    /// <summary>Produce to a plain consumer, in microseconds.</summary>
    public LongConcurrentHistogram Consumed { get; } = new(1, TimeSpan.FromMinutes(1).Ticks / 10, 3);

    public long NeverSeen => Interlocked.Read(ref _neverSeen);

    /// <summary>The first answer that was neither the user nor "not known yet", or null.</summary>
    public string? Trouble { get; private set; }

    public static async Task<Sampler> StartAsync(Settings settings, string api, string kafka)
    {
        var schemas = await new FolderSchemaRegistry(Path.Combine(AppContext.BaseDirectory, "schemas")).ListAsync(CancellationToken.None);
        var sampler = new Sampler(settings, api, kafka, new(schemas.Last(s => s.Subject == $"{Topic}-value")));
        var partitions = sampler._producer.GetPartitions(kafka);
        sampler._consumer.Assign(Enumerable.Range(0, partitions).Select(p => new TopicPartitionOffset(Topic, p, Offset.End)));
        return sampler;
    }

    public async Task RunAsync(Stopwatch clock, CancellationToken cancellationToken)
    {
        var consuming = Task.Factory.StartNew(() => Consume(clock), TaskCreationOptions.LongRunning);
        var watching = new List<Task>();
        for (var n = 0; n < _settings.Samples * _settings.Seconds; n++)
        {
            var due = TimeSpan.FromSeconds((double)n / _settings.Samples);
            if (due - clock.Elapsed is { Ticks: > 0 } wait)
                await Task.Delay(wait, cancellationToken);
            watching.Add(SampleAsync(clock, due, cancellationToken));
        }

        await Task.WhenAll(watching);
        _ended = true;
        await consuming;
        foreach (var (record, due) in _due)
        {
            if (_consumed.TryGetValue(record, out var at))
                Consumed.RecordValue(Math.Max(1, at - due));
        }
    }

    public void Dispose()
    {
        _producer.Dispose();
        _consumer.Close();
        _consumer.Dispose();
        _http.Dispose();
    }

    private async Task SampleAsync(Stopwatch clock, TimeSpan due, CancellationToken cancellationToken)
    {
        var user = $"user-{Random.Shared.Next(_settings.Users)}";
        var record = new UserRecord
        {
            EventId = Guid.NewGuid().ToString(),
            UserId = user,
            SessionId = "sampled",
            EventType = EventType.Click,
            Timestamp = DateTimeOffset.UtcNow,
            PageUrl = "/sampled",
            Metadata = new() { ProducerId = "latency-benchmark", Environment = Contracts.Records.Environment.Development },
        };
        var report = await _producer.ProduceAsync(Topic, new() { Key = Encoding.UTF8.GetBytes(user), Value = _encoder.Encode(record) }, cancellationToken);
        var counts = due >= TimeSpan.FromSeconds(_settings.Skip);
        if (counts)
            _due[(report.Partition.Value, report.Offset.Value)] = (long)due.TotalMicroseconds;
        var isSeen = false;
        while (!isSeen && clock.Elapsed - due < Patience)
            isSeen = await IncludesAsync(user, report.Partition.Value, report.Offset.Value, cancellationToken);
        if (!counts)
            return;
        Seen.RecordValue((long)Math.Max(1, (clock.Elapsed - due).TotalMicroseconds));
        Interlocked.Add(ref _neverSeen, isSeen ? 0 : 1);
    }

    /// <summary>Has the API answer as soon as it can: asked again and again, it would be slowed down by the asking.</summary>
    private async Task<bool> IncludesAsync(string user, int partition, long offset, CancellationToken cancellationToken)
    {
        using var answer = await _http.GetAsync(FormattableString.Invariant($"users/{user}?includes={Topic}/{partition}@{offset}&wait=5"), cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            if (answer.StatusCode != System.Net.HttpStatusCode.GatewayTimeout)
                Trouble ??= $"GET users/{user} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellationToken)}";
            return false;
        }

        using var body = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
        return body.RootElement.GetProperty("positions").EnumerateArray().Any(p =>
            p.GetProperty("topic").GetString() == Topic && p.GetProperty("partition").GetInt32() == partition && p.GetProperty("offset").GetInt64() >= offset);
    }

    private void Consume(Stopwatch clock)
    {
        while (!_ended)
        {
            if (_consumer.Consume(100) is { } read)
                _consumed[(read.Partition.Value, read.Offset.Value)] = (long)clock.Elapsed.TotalMicroseconds;
        }
    }
}

internal static class Partitions
{
    public static int GetPartitions(this IProducer<byte[], byte[]> producer, string kafka)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka }).Build();
        return admin.GetMetadata("user-events", TimeSpan.FromSeconds(10)).Topics.Single().Partitions.Count;
    }
}
