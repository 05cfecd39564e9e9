using System.Text.Json;
using StreamJobs.Engine;
using StreamJobs.Running;
using StreamJobs.State;

namespace StreamJobs.Testing;

/// <summary>
/// Runs a join on given records of both topics, without broker, database or clock. Records go the way that they go in a cluster: through the jobs that feed the join, its own topic's
/// records, and the partitions of that; only the topic is memory.
/// </summary>
/// <typeparam name="TLeft">The records of the topic that the job begins with.</typeparam>
/// <typeparam name="TRight">The records of the other.</typeparam>
public sealed class JoinHarness<TLeft, TRight>
{
    private readonly Job _job;
    private readonly Memory _topic = new();
    private readonly HarnessPartition<TLeft>[] _left;
    private readonly HarnessPartition<TRight>[] _right;
    private readonly HarnessPartition<JoinInput>[] _joins;
    private readonly List<JobResult> _results = [];
    private readonly List<TLeft> _lateLeft = [];
    private readonly List<TRight> _lateRight = [];
    private readonly List<Exception> _faults = [];
    private readonly List<Exception> _failures = [];

    /// <summary>A harness for a join.</summary>
    /// <param name="job">The join.</param>
    /// <param name="left">How many partitions the topic has that the job begins with.</param>
    /// <param name="right">How many the other one has.</param>
    /// <param name="partitions">How many the join's own topic has.</param>
    public JoinHarness(Job job, int left = 1, int right = 1, int partitions = 1)
    {
        if (job.Feeders.Select(f => f.RecordType).ToArray() is not [var one, var other] || one != typeof(TLeft) || other != typeof(TRight))
            throw new ArgumentException($"Job '{job.Name}' does not join records of {typeof(TLeft).Name} with records of {typeof(TRight).Name}.", nameof(job));
        _job = job;
        _left = [.. Enumerable.Range(0, left).Select(p => new HarnessPartition<TLeft>(Create<TLeft>(JoinSide.Left, p)))];
        _right = [.. Enumerable.Range(0, right).Select(p => new HarnessPartition<TRight>(Create<TRight>(JoinSide.Right, p)))];
        _joins = [.. Enumerable.Range(0, partitions).Select(p => new HarnessPartition<JoinInput>(CreateJoin(p)))];
    }

    /// <summary>Every result so far, in the order in which it came.</summary>
    public IReadOnlyList<JobResult> Results => _results;

    /// <summary>Records of the topic that the job begins with that were late, or too far ahead.</summary>
    public IReadOnlyList<TLeft> LateLeft => _lateLeft;

    /// <summary>Records of the other topic that were.</summary>
    public IReadOnlyList<TRight> LateRight => _lateRight;

    /// <summary>What the job's code threw; each made its record a dead letter.</summary>
    public IReadOnlyList<Exception> Faults => _faults;

    /// <summary>What the job's code threw when a pair's result was computed, which there is none of then.</summary>
    public IReadOnlyList<Exception> Failures => _failures;

    /// <summary>How many keys have records that may still find a partner.</summary>
    public long Keys => _joins.Sum(j => j.Job.Keys);

    /// <summary>Gives records to a partition of the topic that the job begins with.</summary>
    public JoinHarness<TLeft, TRight> Left(int partition, params IEnumerable<TLeft> records) => Given(_left[partition], records, _lateLeft);

    /// <summary>Gives records to a partition of the other topic.</summary>
    public JoinHarness<TLeft, TRight> Right(int partition, params IEnumerable<TRight> records) => Given(_right[partition], records, _lateRight);

    /// <summary>Gives records to the only partition of the topic that the job begins with.</summary>
    public JoinHarness<TLeft, TRight> Left(params IEnumerable<TLeft> records) => Left(0, records);

    /// <summary>Gives records to the only partition of the other topic.</summary>
    public JoinHarness<TLeft, TRight> Right(params IEnumerable<TRight> records) => Right(0, records);

    /// <summary>Ends the input of both topics.</summary>
    public JoinHarness<TLeft, TRight> Drain()
    {
        foreach (var partition in _left)
            partition.Job.Drain();
        foreach (var partition in _right)
            partition.Job.Drain();
        Collect();
        return this;
    }

    /// <summary>Keeps all state as checkpoints do, and goes on with fresh objects that took it back.</summary>
    public JoinHarness<TLeft, TRight> Restart()
    {
        for (var p = 0; p < _left.Length; p++)
            _left[p].Restart(Create<TLeft>(JoinSide.Left, p));
        for (var p = 0; p < _right.Length; p++)
            _right[p].Restart(Create<TRight>(JoinSide.Right, p));
        for (var p = 0; p < _joins.Length; p++)
            _joins[p].Restart(CreateJoin(p));
        Collect();
        return this;
    }

    /// <summary>Has everything that was ever sent to the join's topic sent once more, as feeders do that are set back to the beginning.</summary>
    internal JoinHarness<TLeft, TRight> SendAgain()
    {
        foreach (var (partition, value) in _topic.Sent.ToArray())
            Take(partition, value);
        Collect();
        return this;
    }

    private JoinHarness<TLeft, TRight> Given<T>(HarnessPartition<T> target, IEnumerable<T> records, List<T> late)
    {
        foreach (var record in records)
        {
            target.Take(record);
            _faults.AddRange(target.Job.Faults.Select(f => f.Error));
            if (target.Job.Late.Count > 0)
                late.Add(record);
        }

        Collect();
        return this;
    }

    private PartitionJob<T> Create<T>(JoinSide side, int partition) =>
        (PartitionJob<T>)_job.Feeders.ElementAt((int)side).CreatePartition(partition, _topic, _ => null);

    private PartitionJob<JoinInput> CreateJoin(int partition)
    {
        var join = (PartitionJob<JoinInput>)_job.CreatePartition(partition, null, topic => topic == _job.Feeders.First().Topic ? _left.Length : _right.Length);
        join.Tick(DateTimeOffset.UnixEpoch);
        return join;
    }

    /// <summary>Checkpoints of the feeders, then of the join.</summary>
    private void Collect()
    {
        foreach (var partition in _left)
            Send(partition);
        foreach (var partition in _right)
            Send(partition);
        foreach (var join in _joins)
        {
            join.Checkpoint();
            _results.AddRange(join.Job.Output.Results.Select(JobResult.Of));
            _failures.AddRange(join.Job.Output.Failures);
            join.Job.Output.Clear();
        }
    }

    private void Send<T>(HarnessPartition<T> feeder)
    {
        feeder.Checkpoint();
        foreach (var (_, key, value, toAll) in feeder.Job.Output.Records)
        {
            foreach (var partition in toAll ? Enumerable.Range(0, _joins.Length) : [KeyHash.BucketOf(key) % _joins.Length])
            {
                _topic.Sent.Add((partition, value!));
                Take(partition, value!);
            }
        }

        feeder.Job.Output.Clear();
    }

    private void Take(int partition, byte[] value)
    {
        _joins[partition].Take(JsonSerializer.Deserialize<JoinInput>(value)!);
        _faults.AddRange(_joins[partition].Job.Faults.Select(f => f.Error));
    }

    /// <summary>The join's topic.</summary>
    private sealed class Memory : IJobRecordEncoder
    {
        public int MaxBytes => int.MaxValue;

        public List<(int Partition, byte[] Value)> Sent { get; } = [];

        public ValueTask PrepareAsync(string topic, Type recordType, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public byte[] Encode(string topic, Type recordType, object record) => JsonSerializer.SerializeToUtf8Bytes(record, recordType);
    }
}
