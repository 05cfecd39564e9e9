using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace EventStore.Projections.Running;

/// <summary>
/// Says which events this process knows, for as long as it runs. While a new version of the application is rolled out, a silo of the old one may start after events were stored that
/// only the new one knows: it must leave them to it.
/// </summary>
internal sealed class TypePresence(StoreDatabase database, EventTypes types, IOptions<EventStoreOptions> options, TimeProvider time) : BackgroundService, IHostedLifecycleService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(15);

    /// <summary>How long after its last word a process counts as running.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);

    private readonly string[] _known = [.. types.All.Select(EventTypes.NameOf).Order(StringComparer.Ordinal)]; // in order: two processes may say so at once

    // Read beside the loop that writes it. One that an outage has broken stands until the next begins.
    private volatile Speech _speech = new(DateTimeOffset.MinValue, 0, IsBroken: true);

    /// <summary>The database's time, and the events that a running process knows and this one does not.</summary>
    public async Task<(DateTimeOffset Now, string[] OfOthers)> LookAsync(CancellationToken cancellationToken)
    {
        // While the database is away nobody can say anything. So those count who spoke shortly before the last word that there was, until each has had time to speak again.
        var speech = _speech;
        var settled = !speech.IsBroken && time.GetElapsedTime(speech.Since) > Remembered;
        return (await database.QueryAsync(
            $"""
            select clock_timestamp(), coalesce(array_agg(t.name), array[]::varchar[]) from {database.Schema}.event_types t
            where t.seen_at > case when $2 then clock_timestamp() else $3 end - $4 and not t.name = any($1)
            """,
            [_known, settled, speech.LastWord, Remembered], row => (row.GetFieldValue<DateTimeOffset>(0), row.GetFieldValue<string[]>(1)), cancellationToken))[0];
    }

    /// <inheritdoc/>
    /// <remarks>Before anything of this process stores one of them.</remarks>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        while (!await TrySayAsync(cancellationToken))
            await Task.Delay(options.Value.MaxRetryDelay, time, cancellationToken);
    }

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await TrySayAsync(stoppingToken);
    }

    private async Task<bool> TrySayAsync(CancellationToken cancellationToken)
    {
        try
        {
            // A part of a statement that changes something does not show in the others: the last word is one before this.
            var lastWord = (await database.QueryAsync(
                $"""
                with last as (select max(seen_at) as word from {database.Schema}.event_types),
                said as (
                    insert into {database.Schema}.event_types (name, seen_at) select name, clock_timestamp() from unnest($1) as n (name)
                    on conflict (name) do update set seen_at = excluded.seen_at)
                select coalesce(word, clock_timestamp()) from last
                """,
                [_known], row => row.GetFieldValue<DateTimeOffset>(0), cancellationToken))[0];
            if (_speech.IsBroken)
                _speech = new(lastWord, time.GetTimestamp(), IsBroken: false);
            return true;
        }
        catch (StoreUnavailableException)
        {
            _speech = _speech with { IsBroken = true }; // an outage, which the store itself says
            return false;
        }
    }

    /// <summary>That this process has written its names, each time, for a while.</summary>
    /// <param name="LastWord">The last word of anyone before it, by the database's clock.</param>
    /// <param name="Since">When it began, as a timestamp of this process.</param>
    /// <param name="IsBroken">Whether it could not write them the last time.</param>
    private sealed record Speech(DateTimeOffset LastWord, long Since, bool IsBroken);
}
