namespace EventStore.Operations;

/// <summary>Who did what: the record of every act of an operator. The acts themselves write it, in the transaction of what they change.</summary>
public interface IOperatorLog
{
    /// <summary>Records an act that changes nothing in this database.</summary>
    /// <param name="who">The operator.</param>
    /// <param name="action">A verb, for example <c>rebuild</c>.</param>
    /// <param name="subject">What it was done to.</param>
    /// <param name="detail">Why, or what came of it; may be null.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    ValueTask RecordAsync(string who, string action, string subject, string? detail, CancellationToken cancellationToken = default);

    /// <summary>Lists acts, newest first.</summary>
    /// <param name="before">The last id of the page before, or null for the first page.</param>
    /// <param name="limit">The most acts to return.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    ValueTask<IReadOnlyList<OperatorAction>> ListAsync(long? before, int limit, CancellationToken cancellationToken = default);
}

/// <summary>An act of an operator.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Operator">Who.</param>
/// <param name="Action">A verb.</param>
/// <param name="Subject">What it was done to.</param>
/// <param name="Detail">Why, or what came of it.</param>
/// <param name="DoneAt">When.</param>
public sealed record OperatorAction(long Id, string Operator, string Action, string Subject, string? Detail, DateTimeOffset DoneAt);
