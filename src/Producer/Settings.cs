using Producer.Generation;

namespace Producer;

/// <summary>What was asked for.</summary>
internal sealed record Settings
{
    /// <summary>The topic of transactions, whichever way they are asked for.</summary>
    public const string TransactionsTopic = "transactions";

    /// <summary>Up to this rate every record's latency is measured and, unless told otherwise, every record begins a trace.</summary>
    private const int GentlePerSecond = 5_000;

    public long? Events { get; init; }

    public required Rate Rate { get; init; }

    public TimeSpan? Duration { get; init; }

    public required string Topic { get; init; }

    public int Transactions { get; init; }

    public int Users { get; init; }

    public int? Seed { get; init; }

    public int Late { get; init; }

    public int Duplicates { get; init; }

    public int Poison { get; init; }

    public bool? Trace { get; init; }

    public string? Bootstrap { get; init; }

    public string? Registry { get; init; }

    public string? Data { get; init; }

    public long? HeedLag { get; init; }

    public bool Json { get; init; }

    public bool IsGentle => Rate.RecordsPerSecond is <= GentlePerSecond;

    /// <summary>With <c>--topic transactions</c> every record is one.</summary>
    public int TransactionsPerMille => Topic == TransactionsTopic ? 1000 : Transactions;

    public RecordTopics RecordTopics => new(Topic, TransactionsTopic);

    /// <summary>The topics that records go to.</summary>
    public IReadOnlyList<string> Topics => TransactionsPerMille switch { 0 => [Topic], 1000 => [TransactionsTopic], _ => [Topic, TransactionsTopic] };
}
