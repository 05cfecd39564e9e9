namespace EventStore.Audits;

/// <summary>The audits that were run on this store, while they run and after. The audit itself writes its row; nothing here does.</summary>
public interface IAuditLog
{
    /// <summary>Lists audits, newest first.</summary>
    /// <param name="before">The last id of the page before, or null for the first page.</param>
    /// <param name="limit">The most audits to return.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    ValueTask<IReadOnlyList<AuditEntry>> ListAsync(long? before, int limit, CancellationToken cancellationToken = default);

    /// <summary>One audit, or null.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    ValueTask<AuditEntry?> GetAsync(long id, CancellationToken cancellationToken = default);

    /// <summary>The certificate that an audit made, as JSON, or null.</summary>
    /// <param name="id">The audit's number.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    ValueTask<string?> CertificateAsync(long id, CancellationToken cancellationToken = default);
}

/// <summary>What an audit is for.</summary>
public enum AuditKind
{
    /// <summary>To make a certificate, from the topics and the store.</summary>
    Certify = 1,

    /// <summary>To check a certificate, against the store alone.</summary>
    Verify = 2,
}

/// <summary>How an audit is.</summary>
public enum AuditState
{
    /// <summary>It runs.</summary>
    Running = 1,

    /// <summary>It found nothing wrong.</summary>
    Holds = 2,

    /// <summary>It found differences.</summary>
    Differs = 3,

    /// <summary>It could not be finished.</summary>
    Failed = 4,

    /// <summary>It has not been heard of for a minute: its process has ended.</summary>
    Abandoned = 5,
}

/// <summary>An audit.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="State">How it is.</param>
/// <param name="Step">What it does now, or null.</param>
/// <param name="Done">How many records, events and rows it has looked at.</param>
/// <param name="Total">About how many it will have looked at, as far as it knows yet.</param>
/// <param name="Findings">What it found wrong.</param>
/// <param name="HasCertificate">Whether it has made a certificate.</param>
/// <param name="StartedBy">Who started it.</param>
/// <param name="StartedAt">When.</param>
/// <param name="FinishedAt">When it ended.</param>
public sealed record AuditEntry(
    long Id, AuditKind Kind, AuditState State, string? Step, long Done, long Total, IReadOnlyList<string> Findings, bool HasCertificate,
    string StartedBy, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt);
