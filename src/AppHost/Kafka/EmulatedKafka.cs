using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;

namespace AppHost.Kafka;

/// <summary>
/// The broker emulator inside librdkafka: the real wire protocol without an installation. It lives in this process and keeps everything in
/// memory, at most 5 MiB per partition; each start is a new, empty broker.
/// </summary>
public sealed class EmulatedKafka : IKafkaBroker
{
    private const int ProducerType = 0;
    private readonly MockLibrary _library;
    private readonly Lock _calls = new();
    private readonly PortForwarder? _forwarder;
    private nint _client;
    private nint _cluster;

    private EmulatedKafka(MockLibrary library, nint client, nint cluster, int? port)
    {
        (_library, _client, _cluster) = (library, client, cluster);
        BootstrapServers = Marshal.PtrToStringUTF8(library.Bootstraps(cluster))!;
        if (port is { } kept)
        {
            _forwarder = new PortForwarder(kept, int.Parse(BootstrapServers.Split(':')[^1], CultureInfo.InvariantCulture));
            BootstrapServers = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{kept}");
        }
    }

    /// <inheritdoc/>
    public string Kind => "emulator";

    /// <inheritdoc/>
    public string BootstrapServers { get; }

    /// <inheritdoc/>
    public string? Incarnation { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Starts an emulator.</summary>
    /// <param name="port">The port where clients begin, or null for one that the emulator chooses.</param>
    /// <exception cref="InvalidOperationException">It does not start, or the port is in use.</exception>
    public static EmulatedKafka Start(int? port = null)
    {
        var library = MockLibrary.Load();
        var error = new byte[512];
        var conf = library.ConfNew();
        // Errors only: the client that carries the emulator never connects anywhere, and would warn that it cannot.
        library.ConfSet(conf, "log_level", "3", error, error.Length);
        var client = library.New(ProducerType, conf, error, error.Length);
        if (client == 0)
            throw new InvalidOperationException($"The Kafka emulator does not start: {Encoding.UTF8.GetString(error).TrimEnd('\0')}");
        var cluster = library.ClusterNew(client, 1);
        return cluster != 0 ? new EmulatedKafka(library, client, cluster, port)
            : throw new InvalidOperationException("The Kafka emulator does not start.");
    }

    /// <inheritdoc/>
    public Task CreateTopicAsync(string name, int partitions, CancellationToken cancellationToken = default)
    {
        var result = (ErrorCode)Call(() => _library.TopicCreate(_cluster, name, partitions, 1));
        return result is ErrorCode.NoError or ErrorCode.TopicAlreadyExists ? Task.CompletedTask
            : throw new InvalidOperationException($"The emulator could not create topic '{name}': {result}");
    }

    /// <inheritdoc/>
    public Task GrowTopicAsync(string name, int partitions, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("The emulator cannot add partitions to a topic; a real Kafka can (set KAFKA_HOME).");

    /// <summary>Lets the next requests of a kind fail.</summary>
    /// <param name="apiKey">The request's number in the protocol: 0 produce, 1 fetch, 3 metadata, ...</param>
    /// <param name="error">The error of each.</param>
    /// <param name="count">How many.</param>
    public void FailNextRequests(short apiKey, ErrorCode error, int count) =>
        Call(() =>
        {
            _library.PushErrors(_cluster, apiKey, (nuint)count, Enumerable.Repeat((int)error, count).ToArray());
            return 0;
        });

    /// <summary>What is said of a topic to all who ask about it; <see cref="ErrorCode.NoError"/> ends that.</summary>
    /// <param name="name">The topic, which is created if it is not there.</param>
    /// <param name="error">The error.</param>
    public void SetTopicError(string name, ErrorCode error) =>
        Call(() =>
        {
            _library.TopicError(_cluster, name, (int)error);
            return 0;
        });

    /// <summary>Delays every answer.</summary>
    public void SetRoundTripTime(TimeSpan time) => Call(() => _library.BrokerRtt(_cluster, 1, (int)time.TotalMilliseconds));

    /// <summary>Closes the broker's port and connections; what it holds stays.</summary>
    public void TakeDown() => Call(() => _library.BrokerDown(_cluster, 1));

    /// <summary>Opens the broker's port again.</summary>
    public void BringUp() => Call(() => _library.BrokerUp(_cluster, 1));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_forwarder is not null)
            await _forwarder.DisposeAsync();
        lock (_calls)
        {
            if (_cluster != 0)
            {
                _library.ClusterDestroy(_cluster);
                _library.Destroy(_client);
                (_cluster, _client) = (0, 0);
            }
        }
    }

    private int Call(Func<int> call)
    {
        lock (_calls)
        {
            ObjectDisposedException.ThrowIf(_cluster == 0, this);
            return call();
        }
    }
}
