using System.Text.Json;
using Cli.Audit;

namespace Cli.Certificates;

/// <summary>Checks a certificate against the store as it is now; Kafka is not asked, it may have dropped the records long ago.</summary>
internal static class VerifyRun
{
    public static async Task<int> ExecuteAsync(AuditSettings settings, string file, CancellationToken cancellationToken)
    {
        if (AuditTarget.Find(settings, asksKafka: false, out var problem) is not { } target)
            return CertificateOutcome.Cannot(problem);
        Certificate certificate;
        try
        {
            certificate = Certificate.Parse(await File.ReadAllTextAsync(file, cancellationToken));
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return CertificateOutcome.Cannot($"{file} cannot be read as a certificate: {e.Message}");
        }

        return await CertificateOutcome.RunAsync(target.Postgres, settings.Schema, AuditKind.Verify, cancellationToken, async (database, progress) =>
        {
            var findings = new Findings();
            if (!certificate.IsIntact)
                findings.Add("the certificate itself was changed after it was issued: its seal does not fit");
            if (!certificate.Holds)
                findings.Add("the certificate says itself that the audit found differences");
            await CompareAsync(certificate, new StoreSide(database, settings.Schema), findings, progress, cancellationToken);
            await progress.EndAsync(findings.Count == 0, findings.Told, null);
            return CertificateOutcome.Tell(settings.Json, certificate, findings, target);
        });
    }

    private static async Task CompareAsync(
        Certificate certificate, StoreSide store, Findings findings, AuditProgress progress, CancellationToken cancellationToken)
    {
        var (then, (now, _)) = (certificate.Store, await store.BoundAsync(cancellationToken));
        await progress.BeginAsync("reading the store", Math.Max(now, then.LastSequence) + then.LastLedgerRow);
        var traces = certificate.Partitions.Select(p => new PartitionTraces(p.Topic, p.Incarnation, p.Partition, p.From, p.To)).ToArray();
        var found = await new StoreSurvey(store, traces, findings.Add, progress.AddAsync)
            .RunAsync(then.LastSequence, then.LastLedgerRow, Math.Max(now, then.LastSequence), then.Pages, cancellationToken);

        ComparePages(then, found, findings);
        if (found.Ledger != then.Ledger)
            findings.Add($"the ledger was changed: {then.LedgerRows} rows up to number {then.LastLedgerRow} then, {found.LedgerRows} now, or other ones");
        foreach (var (p, t) in certificate.Partitions.Zip(traces))
        {
            var counts = new TraceCounts(p.Counts.Read, t.Stored, t.Duplicate, t.NoEvent, t.DeadLettered);
            if (counts != p.Counts)
                findings.Add($"{p.Topic}/{p.Partition}: the offsets {p.From} to {p.To - 1} have other traces now: {counts}, then {p.Counts}");
            else if (t.Digest != p.Store)
                findings.Add($"{p.Topic}/{p.Partition}: the offsets {p.From} to {p.To - 1} have the traces of other records now");
        }
    }

    private static void ComparePages(CertifiedStore then, CertifiedStore found, Findings findings)
    {
        var after = 0L;
        foreach (var (page, now) in then.Pages.Zip(found.Pages))
        {
            if (page != now)
                findings.Add(page.Events == now.Events
                    ? $"events {after + 1} to {page.To}: at least one was altered"
                    : $"events {after + 1} to {page.To}: there were {page.Events}, now there are {now.Events}");
            after = page.To;
        }

        if (found.Content != then.Content && findings.Count == 0)
            findings.Add("the digest of all events differs, although that of no page does: the certificate was changed");
    }
}
