namespace EventStore.Projections;

/// <summary>
/// Folds history again while live events go on: into a fresh generation that takes the place of the old one once it has caught up (a rebuild,
/// or a new version), or under a name of its own.
/// </summary>
/// <remarks>Every method throws <see cref="Appending.StoreUnavailableException"/> while the database cannot be reached.</remarks>
public interface IReplays
{
    /// <summary>Starts a replay. It outlives this process: whichever silo runs the projection carries it on.</summary>
    /// <param name="request">What to fold, from where, into what.</param>
    /// <param name="who">The operator, for the record.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ProjectionException">It cannot be done; the message says why.</exception>
    ValueTask<Replay> StartAsync(ReplayRequest request, string who, CancellationToken cancellationToken = default);

    /// <summary>Lists replays, newest first.</summary>
    /// <param name="before">The last id of the page before, or null for the first page.</param>
    /// <param name="limit">The most replays to return.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    ValueTask<IReadOnlyList<Replay>> ListAsync(long? before = null, int limit = 50, CancellationToken cancellationToken = default);

    /// <summary>One replay, or null.</summary>
    ValueTask<Replay?> GetAsync(long id, CancellationToken cancellationToken = default);

    /// <summary>Ends a replay that is still running and drops what it made. Returns false when it had ended already.</summary>
    /// <param name="id">The replay.</param>
    /// <param name="who">The operator, for the record.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ProjectionException">There is no such replay.</exception>
    ValueTask<bool> CancelAsync(long id, string who, CancellationToken cancellationToken = default);
}

/// <summary>What to replay.</summary>
/// <param name="Projection">The projection whose handlers fold the events.</param>
public sealed record ReplayRequest(string Projection)
{
    /// <summary>The name of the store as a source.</summary>
    public const string Store = "store";

    /// <summary>The version of the projection; null for the newest that is registered.</summary>
    public int? Version { get; init; }

    /// <summary>Where the events come from: <see cref="Store"/>, or a registered <see cref="IReplaySource"/>.</summary>
    public string Source { get; init; } = Store;

    /// <summary>
    /// The name to read the result under. Null for the projection's own name: the result takes the place of what is read now, once it has
    /// caught up. Under another name, a replay of everything in the store goes on with live events; any other one ends.
    /// </summary>
    public string? Target { get; init; }

    /// <summary>The first event of the store to fold. Default 1.</summary>
    public long FromSequence { get; init; } = 1;

    /// <summary>The last event of the store to fold, or null for all and what follows.</summary>
    public long? ToSequence { get; init; }

    /// <summary>What another source needs to know, for example offsets or a time.</summary>
    public IReadOnlyDictionary<string, string> Arguments { get; init; } = new Dictionary<string, string>();
}

/// <summary>How a replay is.</summary>
public enum ReplayState
{
    /// <summary>It goes on.</summary>
    Running = 1,

    /// <summary>It has caught up or ended, and its result is read.</summary>
    Completed = 2,

    /// <summary>An operator ended it.</summary>
    Cancelled = 3,

    /// <summary>The projection failed on an event; resume it by its target's name, or cancel it.</summary>
    Failed = 4,
}

/// <summary>A replay.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Request">What was asked for.</param>
/// <param name="Version">The version it folds with.</param>
/// <param name="State">How it is.</param>
/// <param name="Done">For the store, how many sequence numbers were passed; for another source, how much of it was read, for Kafka in records.</param>
/// <param name="Total">What <paramref name="Done"/> was to reach when it started.</param>
/// <param name="Rate">Events per second, over the last few seconds of work; once it has ended, what it did of <paramref name="Done"/> per second of its whole run.</param>
/// <param name="Eta">The time it still needs at this rate, or null when that is unknown or it has ended.</param>
/// <param name="Error">What it failed on, or null.</param>
/// <param name="StartedBy">Who started it.</param>
/// <param name="StartedAt">When it started.</param>
/// <param name="FinishedAt">When it ended, or null.</param>
public sealed record Replay(
    long Id, ReplayRequest Request, int Version, ReplayState State, long Done, long Total, double Rate, TimeSpan? Eta, ProjectionFailure? Error,
    string StartedBy, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt);
