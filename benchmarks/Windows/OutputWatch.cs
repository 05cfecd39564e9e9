using System.Diagnostics;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using SchemaRegistry;
using Shared;

namespace Windows;

/// <summary>
/// What a read_committed reader sees of a contender's output topic, from outside: the same for all of them. The rate is that of the input events
/// behind the results after the first ones to be seen, over the time from these to the last: so starting up is in nobody's figure, and nobody reports on itself.
/// </summary>
internal sealed class OutputWatch(string bootstrap, string topic, TimeSpan quiet, TimeSpan patience)
{
    private readonly AvroRecordDecoder<WindowTotal> _decoder = new(Schemas.Of(WindowTotal.Schema));

    /// <summary>Reads until nothing has come for a while.</summary>
    /// <param name="isOver">Whether the contender has ended: then a short while is enough.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<Output> ReadAsync(Func<bool> isOver, CancellationToken cancellationToken)
    {
        using var consumer = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = "windows-watch",
            IsolationLevel = IsolationLevel.ReadCommitted,
            EnableAutoCommit = false,
            FetchWaitMaxMs = 10,
        }).Build();
        consumer.Assign(Enumerable.Range(0, 4).Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        var output = new Output();
        var clock = Stopwatch.StartNew();
        var lastAt = TimeSpan.Zero;
        while (clock.Elapsed - lastAt < (output.Results.Count == 0 && !isOver() ? patience : quiet))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await Task.Run(() => consumer.Consume(100), cancellationToken) is not { } result)
                continue;
            for (; result is not null; result = consumer.Consume(0))
            {
                lastAt = clock.Elapsed;
                output.Add(await ParseAsync(result.Message.Value), lastAt);
            }
        }

        return output;
    }

    private async ValueTask<(string Key, long Count, long Cents)> ParseAsync(byte[] value)
    {
        if (value[0] == 0)
        {
            var total = await _decoder.DecodeAsync(value);
            return (string.Create(CultureInfo.InvariantCulture, $"{total.User},{total.Start.ToUnixTimeMilliseconds()}"), total.Count, total.Cents);
        }

        var fields = Encoding.UTF8.GetString(value).Split(',');
        return ($"{fields[0]},{fields[1]}", long.Parse(fields[2], CultureInfo.InvariantCulture), long.Parse(fields[3], CultureInfo.InvariantCulture));
    }
}

/// <summary>The results that were seen.</summary>
internal sealed class Output
{
    /// <summary>Results that are seen this soon after the first one came in the same commit, about, and their events count for nobody.</summary>
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(500);
    private TimeSpan _firstAt;
    private TimeSpan _lastAt;
    private long _counted;

    /// <summary>Count and cents by <c>user,start</c>.</summary>
    public Dictionary<string, (long Count, long Cents)> Results { get; } = new(StringComparer.Ordinal);

    /// <summary>Results that were seen more than once.</summary>
    public long Repeated { get; private set; }

    /// <summary>Input events per second behind what was seen.</summary>
    public double EventsPerSecond => _lastAt > _firstAt + First ? _counted / (_lastAt - _firstAt).TotalSeconds : double.NaN;

    public void Add((string Key, long Count, long Cents) result, TimeSpan at)
    {
        if (Results.Count == 0)
            _firstAt = at;
        _lastAt = at;
        if (at - _firstAt > First)
            _counted += result.Count;
        if (!Results.TryAdd(result.Key, (result.Count, result.Cents)))
            Repeated++;
    }
}
