namespace EventStore.Hosting;

/// <summary>How the event store reaches Postgres, and how much it takes on at once.</summary>
public sealed class EventStoreOptions
{
    /// <summary>The Npgsql connection string of the database. Required. The database must exist; everything in it is created at start.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>
    /// The database schema that holds Marten's tables and ours. Default <c>streaming</c>. Lower-case letters, digits and underscores,
    /// at most 40 characters: it becomes part of SQL text.
    /// </summary>
    public string Schema { get; set; } = "streaming";

    /// <summary>The most appends that one transaction commits. Default 5,000. More raises throughput little and latency much.</summary>
    public int MaxBatchAppends { get; set; } = 5_000;

    /// <summary>The most bytes of event JSON that one transaction commits, unless a single append is larger. Default 16 MiB.</summary>
    public int MaxBatchBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>The most appends that wait for a transaction; past it, callers wait before they enter. Default 20,000.</summary>
    public int MaxQueuedAppends { get; set; } = 20_000;

    /// <summary>The most streams that one query loads. Default 500.</summary>
    public int MaxBatchLoads { get; set; } = 500;

    /// <summary>How long one statement of the store may take before the server ends it. Default 30 seconds.</summary>
    public TimeSpan StatementTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a transaction may stay open with no statement running before the server ends it, so that a stopped process
    /// holds no lock. Default 15 seconds.
    /// </summary>
    public TimeSpan IdleInTransactionTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The longest pause between two attempts while Postgres is away. Default 1 second, so that work goes on within 2.</summary>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(1);
}
