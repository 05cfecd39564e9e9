using System.Collections.Concurrent;
using System.Diagnostics;
using Chaos.Checking;

namespace Chaos.Load;

/// <summary>Collects a history while it happens, by one clock.</summary>
internal sealed class Journal
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly ConcurrentDictionary<long, Sent> _records = new();
    private readonly ConcurrentQueue<Command> _commands = new();
    private readonly ConcurrentQueue<Read> _reads = new();
    private readonly ConcurrentQueue<CheckpointSample> _checkpoints = new();
    private readonly ConcurrentDictionary<(string, int), long> _highest = new();
    private long _acknowledged;

    /// <summary>Seconds since the beginning.</summary>
    public double Now => Stopwatch.GetElapsedTime(_start).TotalSeconds;

    /// <summary>The offset after the highest acknowledged one, by partition.</summary>
    public IReadOnlyDictionary<(string Topic, int Partition), long> Ends => _highest;

    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    public int Commands => _commands.Count;

    public int Reads => _reads.Count;

    public void Sending(Sent record) => _records[record.Number] = record;

    public void AcknowledgedAs(long number, int partition, long offset)
    {
        var record = _records[number] = _records[number] with { Acknowledged = Now, Partition = partition, Offset = offset };
        _highest.AddOrUpdate((record.Topic, partition), offset + 1, (_, high) => Math.Max(high, offset + 1));
        Interlocked.Increment(ref _acknowledged);
    }

    public void Add(Command command) => _commands.Enqueue(command);

    public void Add(Read read) => _reads.Enqueue(read);

    public void Add(CheckpointSample sample) => _checkpoints.Enqueue(sample);

    public History ToHistory(double? rested) => new()
    {
        Rested = rested,
        Records = [.. _records.Values.OrderBy(r => r.Number)],
        Commands = [.. _commands],
        Reads = [.. _reads],
        Checkpoints = [.. _checkpoints],
    };
}
