using Chaos.Checking;
using Chaos.Load;
using Npgsql;

namespace Chaos.Running;

/// <summary>
/// Looks at the store every second: in one snapshot the checkpoints, and which records are durable. The checker needs both of the same moment; faults need the lag.
/// </summary>
internal sealed class Watcher(string postgres, Journal journal)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);
    private readonly NpgsqlDataSource _database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres) { Timeout = 3, CommandTimeout = 10, ApplicationName = "chaos watcher" }.ConnectionString);
    private readonly Dictionary<(string, int), Traced> _traced = [];
    private readonly Queue<(double At, long Sequence)> _marks = new();
    private Dictionary<(string Topic, int Partition), long> _checkpoints = [];
    private long _epochs;

    /// <summary>Records that are acknowledged and not yet checkpointed.</summary>
    public long Lag => journal.Ends.Sum(e => Math.Max(0, e.Value - Volatile.Read(ref _checkpoints).GetValueOrDefault(e.Key)));

    /// <summary>The sum of all owners' epochs: it rises whenever a partition changes hands.</summary>
    public long Epochs => Interlocked.Read(ref _epochs);

    /// <summary>Whether everything below these ends is checkpointed.</summary>
    public bool HasReached(IReadOnlyDictionary<(string Topic, int Partition), long> ends) =>
        ends.All(e => Volatile.Read(ref _checkpoints).GetValueOrDefault(e.Key) >= e.Value);

    /// <summary>The checkpointed records.</summary>
    public long Done => Volatile.Read(ref _checkpoints).Values.Sum();

    public string Describe() => string.Join(", ", journal.Ends.OrderBy(e => e.Key).Select(e => $"{e.Key.Topic}/{e.Key.Partition}: {Volatile.Read(ref _checkpoints).GetValueOrDefault(e.Key)} of {e.Value}"));

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await LookAsync();
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or InvalidOperationException or IOException or System.Net.Sockets.SocketException)
            {
                // Postgres is away: that is one of the faults.
            }

            await Task.Delay(Every, CancellationToken.None);
        }
    }

    /// <summary>One look.</summary>
    public async Task LookAsync()
    {
        await using var connection = await _database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        var checkpoints = new Dictionary<(string, int), long>();
        var epochs = 0L;
        await using (var read = new NpgsqlCommand("select topic, partition, coalesce(next_offset, 0), epoch from streaming.checkpoints", connection))
        await using (var rows = await read.ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
            {
                checkpoints[(rows.GetString(0), rows.GetInt32(1))] = rows.GetInt64(2);
                epochs += rows.GetInt64(3);
            }
        }

        // A transaction with a lower sequence number may commit later: what is half a minute old is not looked at again.
        while (_marks.Count > 0 && _marks.Peek().At < journal.Now - 30)
            _settled = _marks.Dequeue().Sequence;
        await using (var read = new NpgsqlCommand("""
            select 0, seq_id, headers ->> 'topic', (headers ->> 'partition')::int, (headers ->> 'offset')::bigint from streaming.mt_events where seq_id > $1 and headers ->> 'topic' is not null
            union all select 1, id, topic, partition, record_offset from streaming.ledger where topic is not null and recorded_at > now() - interval '60 seconds'
            union all select 2, id, topic, partition, record_offset from streaming.dead_letters where created_at > now() - interval '60 seconds' and consumer not like 'job/%'
            """, connection))
        {
            read.Parameters.Add(new() { Value = _settled });
            await using var rows = await read.ExecuteReaderAsync();
            var newest = 0L;
            while (await rows.ReadAsync())
            {
                if (rows.GetInt32(0) == 0)
                    newest = Math.Max(newest, rows.GetInt64(1));
                var key = (rows.GetString(2), rows.GetInt32(3));
                (_traced.TryGetValue(key, out var traced) ? traced : _traced[key] = new Traced()).Add(rows.GetInt64(4));
            }

            if (newest > 0)
                _marks.Enqueue((journal.Now, newest));
        }

        foreach (var (partition, next) in checkpoints)
            journal.Add(new CheckpointSample(journal.Now, partition.Item1, partition.Item2, next, _traced.TryGetValue(partition, out var traced) ? traced.Contiguous : 0));
        Volatile.Write(ref _checkpoints, checkpoints);
        Interlocked.Exchange(ref _epochs, epochs);
    }

    private long _settled;

    /// <summary>The offsets of a partition that have left a trace.</summary>
    private sealed class Traced
    {
        private readonly HashSet<long> _above = [];

        /// <summary>The first offset without a trace.</summary>
        public long Contiguous { get; private set; }

        public void Add(long offset)
        {
            if (offset < Contiguous || !_above.Add(offset))
                return;
            while (_above.Remove(Contiguous))
                Contiguous++;
        }
    }
}
