namespace EventStore.Projections;

/// <summary>Shows and steers the projections of the whole cluster. Acts leave a who-did-what record.</summary>
/// <remarks>Every method throws <see cref="Appending.StoreUnavailableException"/> while the database cannot be reached.</remarks>
public interface IProjections
{
    /// <summary>Every projection, subscriber and replay target, by name.</summary>
    ValueTask<IReadOnlyList<ProjectionStatus>> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>One of them, or null.</summary>
    ValueTask<ProjectionStatus?> GetAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>How far events may be read. A mark that stands still holds every projection up.</summary>
    ValueTask<HighWaterStatus> HighWaterAsync(CancellationToken cancellationToken = default);

    /// <summary>What an operator should know, one sentence each: failed projections, skipped events, a stalled mark, what no silo runs. Empty when all is well.</summary>
    ValueTask<IReadOnlyList<string>> ProblemsAsync(CancellationToken cancellationToken = default);

    /// <summary>Lets a failed or stopped one go on.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="who">The operator, for the record.</param>
    /// <param name="skipFailedEvent">True to pass over the event that it failed on, which is recorded.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ProjectionException">There is no such projection, or nothing to resume or to skip.</exception>
    ValueTask ResumeAsync(string name, string who, bool skipFailedEvent = false, CancellationToken cancellationToken = default);

    /// <summary>Stops one until it is resumed; what it holds stays readable.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="who">The operator, for the record.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ProjectionException">There is no such projection, or it does not run.</exception>
    ValueTask StopAsync(string name, string who, CancellationToken cancellationToken = default);

    /// <summary>Makes the generation that was read before the last switch the one that is read; it catches up from where it was left.</summary>
    /// <param name="name">The projection.</param>
    /// <param name="who">The operator, for the record.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ProjectionException">There is none, or its version is not part of this program any more.</exception>
    ValueTask RollBackAsync(string name, string who, CancellationToken cancellationToken = default);

    /// <summary>Drops the generations that are not read any more. There is no rolling back after it.</summary>
    /// <param name="name">The projection.</param>
    /// <param name="who">The operator, for the record.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>How many were dropped.</returns>
    ValueTask<int> CleanUpAsync(string name, string who, CancellationToken cancellationToken = default);
}

/// <summary>What was asked of a projection or replay cannot be done; the message says why and what to do.</summary>
/// <param name="reason">Which kind of refusal.</param>
/// <param name="message">Why, and what to do.</param>
public sealed class ProjectionException(ProjectionRefusal reason, string message) : Exception(message)
{
    /// <summary>Which kind of refusal.</summary>
    public ProjectionRefusal Reason { get; } = reason;
}

/// <summary>Why something asked of a projection was refused.</summary>
public enum ProjectionRefusal
{
    /// <summary>There is no such projection, version, source or replay.</summary>
    NotFound,

    /// <summary>It is not in a state in which this can be done.</summary>
    Conflict,

    /// <summary>The request contradicts itself or what the projection declares.</summary>
    Invalid,
}
