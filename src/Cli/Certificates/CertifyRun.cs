using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Cli.Audit;

namespace Cli.Certificates;

/// <summary>Makes a certificate: reads the topics and the store once each, and writes what they say.</summary>
internal static class CertifyRun
{
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(250);

    public static async Task<int> ExecuteAsync(AuditSettings settings, string file, CancellationToken cancellationToken)
    {
        if (AuditTarget.Find(settings, asksKafka: true, out var problem) is not { } target)
            return CertificateOutcome.Cannot(problem);
        return await CertificateOutcome.RunAsync(target.Postgres, settings.Schema, AuditKind.Certify, cancellationToken, async (database, progress) =>
        {
            var access = SystemAccess.Load(settings.Data, target.IsOther);
            var registry = target.OpenRegistry(access);
            var client = access.Kafka(target.Kafka!);
            using var log = new TopicLog(client);
            using var kafka = new KafkaSide(client);
            var certificate = await MakeAsync(new StoreTables(database, settings.Schema), new StoreSide(database, settings.Schema), log, kafka,
                CertifiedTopic.All(registry), new ProjectionSide(database, settings.Schema), progress, settings.Wait, cancellationToken);
            await File.WriteAllTextAsync(file, certificate.ToJson() + Environment.NewLine, cancellationToken);
            await progress.EndAsync(certificate.Holds, certificate.Findings, certificate.ToJson());
            return CertificateOutcome.Tell(settings.Json, certificate, file, target);
        });
    }

    private static async Task<Certificate> MakeAsync(
        StoreTables tables, StoreSide store, TopicLog log, KafkaSide kafka, CertifiedTopic[] topics, ProjectionSide projections, AuditProgress progress,
        TimeSpan patience, CancellationToken cancellationToken)
    {
        var findings = new Findings();
        var read = new Dictionary<(string, string, int), (long Read, string Digest)>();
        var traces = new List<PartitionTraces>();
        var incarnations = await kafka.IncarnationsAsync(topics.Select(t => t.Name));
        foreach (var topic in topics)
        {
            var there = log.Partitions(topic.Name);
            var incarnation = there.Count == 0 ? "" : incarnations.GetValueOrDefault(topic.Name) ?? await IncarnationReadAsync(tables, topic.Name, patience, cancellationToken);
            foreach (var partition in there)
            {
                var (low, high) = log.Range(topic.Name, partition);
                await progress.BeginAsync($"reading {topic.Name}/{partition}", high - low);
                await UntilDurableAsync(tables, topic.Name, incarnation, partition, high, patience, cancellationToken);
                var made = new PartitionTraces(topic.Name, incarnation, partition, low, high);
                traces.Add(made);
                read[made.Key] = await kafka.ReadAsync(topic, partition, low, high, progress.AddAsync, cancellationToken);
            }
        }

        var (sequence, ledgerRow) = await store.BoundAsync(cancellationToken);
        await progress.BeginAsync("reading the store", sequence + ledgerRow);
        var survey = new StoreSurvey(store, traces, findings.Add, progress.AddAsync);
        var content = await survey.RunAsync(sequence, ledgerRow, sequence, null, cancellationToken);
        var partitions = traces.Select(t => Partition(t, read[t.Key])).ToArray();
        foreach (var p in partitions)
        {
            if (!p.Counts.AddUp)
                findings.Add($"{p.Topic}/{p.Partition}: {p.Counts.Read} records are no sum of {p.Counts.Stored} stored, {p.Counts.Duplicate} duplicate, {p.Counts.NoEvent} without event and {p.Counts.DeadLettered} dead-lettered");
            if (p.Kafka != p.Store)
                findings.Add($"{p.Topic}/{p.Partition}: the traces are not those of the records; ./dev audit names them");
        }

        await progress.BeginAsync("computing the projections again", sequence);
        var projected = await projections.CheckAsync(sequence, findings.Add, progress.AddAsync, cancellationToken);
        var (postgres, schema) = await store.VersionsAsync(cancellationToken);
        return new Certificate
        {
            IssuedAt = DateTimeOffset.UtcNow,
            Holds = findings.Count == 0,
            Findings = findings.Told,
            Versions = new(
                Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
                RuntimeInformation.FrameworkDescription, postgres, schema),
            Totals = TraceCounts.Sum(partitions.Select(p => p.Counts)),
            Partitions = partitions,
            Store = content,
            Projections = projected,
        }.Sealed();
    }

    private static CertifiedPartition Partition(PartitionTraces t, (long Read, string Digest) kafka) => new(
        t.Key.Topic, t.Key.Incarnation, t.Key.Partition, t.From, t.To, new(kafka.Read, t.Stored, t.Duplicate, t.NoEvent, t.DeadLettered), kafka.Digest, t.Digest);

    // Of a broker without topic ids the store knows which incarnation was read last.
    private static async Task<string> IncarnationReadAsync(StoreTables tables, string topic, TimeSpan patience, CancellationToken cancellationToken)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < patience; await Task.Delay(PollEvery, cancellationToken))
        {
            if (await tables.LastIncarnationAsync(topic) is { } incarnation)
                return incarnation;
        }

        throw new InvalidOperationException($"Nothing has read {topic} after {patience.TotalSeconds} s: there is nothing to certify before a silo has.");
    }

    // What is on its way has left no trace yet.
    private static async Task UntilDurableAsync(
        StoreTables tables, string topic, string incarnation, int partition, long high, TimeSpan patience, CancellationToken cancellationToken)
    {
        for (var waited = Stopwatch.StartNew(); high > 0 && (await tables.CheckpointAsync(topic, incarnation, partition) ?? 0) < high; await Task.Delay(PollEvery, cancellationToken))
        {
            if (waited.Elapsed > patience)
                throw new InvalidOperationException($"{topic}/{partition} is not read to its end ({high}) after {patience.TotalSeconds} s: let the system catch up, or wait longer with --wait.");
        }
    }
}
