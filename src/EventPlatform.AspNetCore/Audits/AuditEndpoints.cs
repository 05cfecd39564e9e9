using System.Globalization;
using EventPlatform.AspNetCore.Http;
using EventStore.Audits;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EventPlatform.AspNetCore.Audits;

/// <summary>The audits that were run, with their progress. They are started from the command line: <c>./dev audit --certificate FILE</c>.</summary>
internal static class AuditEndpoints
{
    public static void MapAudits(this IEndpointRouteBuilder routes)
    {
        var audits = routes.MapGroup("/audits").WithTags("Audits");
        audits.MapGet("/", ListAsync).WithSummary("Audits, newest first, each with its progress");
        audits.MapGet("/{id:long}", GetAsync).WithSummary("One audit");
        audits.MapGet("/{id:long}/certificate", CertificateAsync).WithSummary("The certificate that an audit made")
            .WithDescription("As a file it is checked by `./dev audit --verify FILE`, against the store alone.");
    }

    private static async Task<Results<Tagged<Page<AuditView>>, ValidationProblem>> ListAsync(
        [AsParameters] PageQuery page, IAuditLog audits, CancellationToken cancellationToken)
    {
        var checks = new Checks();
        var limit = page.ReadLimit(checks);
        var before = page.ReadNumericCursor(checks);
        if (checks.Problem is { } problem)
            return problem;
        var found = await audits.ListAsync(before, limit + 1, cancellationToken);
        return new Tagged<Page<AuditView>>(Cursors.Page(found, limit, a => a.Id.ToString(CultureInfo.InvariantCulture), AuditView.Of));
    }

    private static async Task<Results<Tagged<AuditView>, ProblemHttpResult>> GetAsync(long id, IAuditLog audits, CancellationToken cancellationToken) =>
        await audits.GetAsync(id, cancellationToken) is { } audit ? new Tagged<AuditView>(AuditView.Of(audit)) : Problems.NotFound($"There is no audit {id}.");

    private static async Task<Results<ContentHttpResult, ProblemHttpResult>> CertificateAsync(long id, IAuditLog audits, CancellationToken cancellationToken) =>
        await audits.CertificateAsync(id, cancellationToken) is { } certificate ? TypedResults.Content(certificate, "application/json")
            : Problems.NotFound($"The audit {id} has made no certificate.");
}
