using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.Hosting;
using Microsoft.Extensions.Hosting;

namespace EventStore.Projections.Running;

/// <summary>
/// Says which events this process knows, for as long as it runs. While a new version of the application is rolled out, a silo of the old one may start after events were stored that
/// only the new one knows: it must leave them to it.
/// </summary>
internal sealed class TypePresence(StoreDatabase database, EventTypes types, TimeProvider time) : BackgroundService
{
    /// <summary>How long after its last word a process counts as running.</summary>
    private const string Remembered = "interval '1 minute'";

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(15);
    private readonly string[] _known = [.. types.All.Select(EventTypes.NameOf).Order(StringComparer.Ordinal)]; // in order: two processes may say so at once

    /// <summary>The database's time, and the events that a running process knows and this one does not.</summary>
    public async Task<(DateTimeOffset Now, string[] OfOthers)> LookAsync(CancellationToken cancellationToken) => (await database.QueryAsync(
        $"""
        select clock_timestamp(), coalesce(array_agg(t.name), array[]::varchar[]) from {database.Schema}.event_types t
        where t.seen_at > clock_timestamp() - {Remembered} and not t.name = any($1)
        """,
        [_known], row => (row.GetFieldValue<DateTimeOffset>(0), row.GetFieldValue<string[]>(1)), cancellationToken))[0];

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await SayAsync(cancellationToken); // before this process stores one of them
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await SayAsync(stoppingToken);
    }

    private async Task SayAsync(CancellationToken cancellationToken)
    {
        try
        {
            await database.ExecuteAsync(
                $"insert into {database.Schema}.event_types (name, seen_at) select name, clock_timestamp() from unnest($1) as n (name) on conflict (name) do update set seen_at = excluded.seen_at",
                [_known], cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            // An outage, which the store itself says; nothing is stored meanwhile, and the next time is near.
        }
    }
}
