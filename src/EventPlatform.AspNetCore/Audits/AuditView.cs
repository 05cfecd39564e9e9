using EventStore.Audits;

namespace EventPlatform.AspNetCore.Audits;

/// <summary>An audit and how far it is.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="State">How it is.</param>
/// <param name="Step">What it does now.</param>
/// <param name="Done">How many records, events and rows it has looked at.</param>
/// <param name="Total">About how many it will have looked at, as far as it knows yet.</param>
/// <param name="Findings">What it found wrong.</param>
/// <param name="Certificate">Where its certificate is; absent when there is none.</param>
/// <param name="StartedBy">Who started it.</param>
/// <param name="StartedAt">When.</param>
/// <param name="FinishedAt">When it ended.</param>
public sealed record AuditView(
    long Id, AuditKind Kind, AuditState State, string? Step, long Done, long Total, IReadOnlyList<string> Findings, string? Certificate, string StartedBy,
    DateTimeOffset StartedAt, DateTimeOffset? FinishedAt)
{
    internal static AuditView Of(AuditEntry a) => new(
        a.Id, a.Kind, a.State, a.Step, a.Done, a.Total, a.Findings, a.HasCertificate ? $"/audits/{a.Id}/certificate" : null, a.StartedBy, a.StartedAt, a.FinishedAt);
}
