using System.Diagnostics;
using EventStore.Hosting;

namespace EventStore.Appending;

/// <summary>Commits a batch whatever it holds: it tries again after a race, and halves the batch until what the database refuses stands alone.</summary>
internal sealed class BatchWriter(AppendStatement statement, TimeProvider time)
{
    private const int Attempts = 3;

    /// <summary>Gives every append of the batch its verdict.</summary>
    /// <exception cref="Exception">The database is away or refuses to work. Appends without a verdict may or may not be committed.</exception>
    public async Task WriteAsync(ArraySegment<PendingAppend> batch, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await CommitAsync(batch, cancellationToken);
                return;
            }
            catch (Exception e) when (TransientErrors.IsRace(e) && attempt < Attempts)
            {
            }
            catch (Exception e) when (TransientErrors.IsContent(e) && batch.Count > 1)
            {
                await WriteAsync(batch[..(batch.Count / 2)], cancellationToken);
                await WriteAsync(batch[(batch.Count / 2)..], cancellationToken);
                return;
            }
            catch (Npgsql.PostgresException e) when (TransientErrors.IsContent(e) && !TransientErrors.IsRace(e))
            {
                Complete(batch[0], new AppendVerdict.Refused($"Postgres refuses the content: {e.MessageText}", e.SqlState));
                return;
            }
        }
    }

    private async Task CommitAsync(ArraySegment<PendingAppend> batch, CancellationToken cancellationToken)
    {
        using var activity = StoreMetrics.Activities.StartActivity("append batch", ActivityKind.Client);
        activity?.SetTag("streaming.appends", batch.Count);
        var started = time.GetTimestamp();
        var verdicts = await statement.ExecuteAsync(batch, cancellationToken);
        StoreMetrics.CommitDuration.Record(time.GetElapsedTime(started).TotalSeconds);
        StoreMetrics.BatchSize.Record(batch.Count);
        for (var i = 0; i < verdicts.Length; i++)
            Complete(batch[i], verdicts[i]);
    }

    private static void Complete(PendingAppend pending, AppendVerdict verdict)
    {
        StoreMetrics.Count(pending.Append, verdict);
        pending.Complete(verdict);
    }
}
