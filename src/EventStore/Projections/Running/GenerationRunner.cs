using EventStore.Appending;
using EventStore.Hosting;
using EventStore.Projections.Folding;
using EventStore.Projections.Storage;
using Npgsql;

namespace EventStore.Projections.Running;

/// <summary>
/// Drives one generation: reads pages, has them taken, switches a built one in when it has caught up. Ends when the source ends, when the
/// generation may no longer run, or with a failure, which it writes down; an outage is waited out.
/// </summary>
internal sealed class GenerationRunner(
    Generation generation, IPageTarget target, PageSource source, GenerationStore store, RunnerContext context)
{
    /// <summary>How often a checkpoint is written for pages that hold nothing of interest.</summary>
    private static readonly TimeSpan IdleCheckpoint = TimeSpan.FromSeconds(1);

    private readonly RetryDelay _delay = new(context.Store.MaxRetryDelay, context.Time);
    private readonly RateMeter _rate = new(context.Time);
    private bool _isIndexed;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                // What another runner or an operator did meanwhile counts, not what was known at the start.
                if (await store.FindAsync(generation.Id, cancellationToken) is not { CanRun: true } current)
                    return;
                await FollowAsync(current, cancellationToken);
                return;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (PostgresException e) when (e.SqlState == Move.Lost)
            {
                context.Log.LostRace(generation.Name, generation.Version, e.MessageText);
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
            {
                // Dropped under our hands, by a cancelled replay: the next look at the row tells.
                context.Log.LostRace(generation.Name, generation.Version, e.MessageText);
            }
            catch (Exception e) when (TransientErrors.IsTransient(e))
            {
                context.Availability.Failed(e);
            }
            catch (Exception e)
            {
                await FailAsync(e, cancellationToken);
                return;
            }

            await _delay.WaitAsync(cancellationToken);
        }
    }

    private async Task FollowAsync(Generation current, CancellationToken cancellationToken)
    {
        var (stored, storedAt) = (current.Position, context.Time.GetTimestamp());
        var last = current;
        if (current.Stage == GenerationStage.Active)
        {
            await IndexAsync(current, cancellationToken);
            await DropForgottenAsync(cancellationToken);
        }

        var pages = source.ReadAsync(current.Position, cancellationToken).OneAhead(p => p.AtEnd, cancellationToken)
            .Select(p => (Page: p, Take: target.Prepare(p.Events))).OneAhead(p => p.Page.AtEnd, cancellationToken);
        await foreach (var (page, take) in pages)
        {
            var started = context.Time.GetTimestamp();
            var idle = page.Events.Count == 0;
            if (page.Position != stored && (!idle || context.Time.GetElapsedTime(storedAt) >= IdleCheckpoint || current.Stage == GenerationStage.Building))
            {
                var rate = _rate.Count(page.Events.Count);
                await take(new Move(current, stored, page.Position, page.Sequence, rate, source.Divisible), cancellationToken);
                (stored, storedAt) = (page.Position, context.Time.GetTimestamp());
                ProjectionMetrics.Took(current.Name, page.Events.Count, context.Time.GetElapsedTime(started).TotalSeconds);
                context.Availability.Succeeded();
                _delay.Reset();
            }

            if (!page.AtEnd)
                continue;
            if (current.Stage == GenerationStage.Building && !source.Ends && await SwitchAsync(current, complete: false, cancellationToken))
                current = current with { Stage = GenerationStage.Active };
            // One that is not read yet takes no rest: it must get level with the one that is.
            if (!idle && current.Stage != GenerationStage.Building && Pace.Rest(context.Projections.LiveInterval, context.Time.GetElapsedTime(started)) is { Ticks: > 0 } rest)
                await Task.Delay(rest, context.Time, cancellationToken);
        }

        while (!await SwitchAsync(last, complete: true, cancellationToken))
        {
            // Only a replay under its own name ends, and nothing else writes that name: it was cancelled, or switched by another runner.
            if (await store.FindAsync(generation.Id, cancellationToken) is not { CanRun: true })
                return;
            await _delay.WaitAsync(cancellationToken);
        }
    }

    /// <summary>What is read has its indexes, whichever version of the program has built it.</summary>
    private async Task IndexAsync(Generation generation, CancellationToken cancellationToken)
    {
        if (!_isIndexed && target.Definition is { } definition)
            await store.IndexAsync(generation, definition, cancellationToken);
        _isIndexed = true;
    }

    private async Task<bool> SwitchAsync(Generation built, bool complete, CancellationToken cancellationToken)
    {
        await IndexAsync(built, cancellationToken);
        if (!await store.SwitchAsync(built, complete, cancellationToken))
            return false;
        context.Log.Switched(built.Name, built.Version, built.Id);
        await DropForgottenAsync(cancellationToken);
        return true;
    }

    private async Task DropForgottenAsync(CancellationToken cancellationToken)
    {
        foreach (var table in await store.DropForgottenAsync(generation.Name, cancellationToken))
            context.Log.TableInUse(generation.Name, table);
    }

    private async Task FailAsync(Exception error, CancellationToken cancellationToken)
    {
        var failed = (error as EventFailedException)?.Failed;
        var cause = failed is null ? error : error.InnerException!;
        context.Log.Failed(error, generation.Name, generation.Version, failed?.Sequence, failed?.StreamKey, failed?.TypeName);
        ProjectionMetrics.Failed(generation.Name);
        var failure = new ProjectionFailure(failed?.Sequence, failed?.StreamKey, failed?.TypeName, cause.Message, cause.ToString(), context.Time.GetUtcNow());
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await store.FailAsync(generation.Id, failure, cancellationToken);
                return;
            }
            catch (StoreUnavailableException)
            {
                await _delay.WaitAsync(cancellationToken);
            }
        }
    }
}

/// <summary>Where a generation's pages come from.</summary>
/// <param name="ReadAsync">Reads on behind a position.</param>
/// <param name="Divisible">True when each sequence number is a position.</param>
/// <param name="Ends">True for a closed range; false for the store as it grows.</param>
internal sealed record PageSource(Func<string, CancellationToken, IAsyncEnumerable<EventPage>> ReadAsync, bool Divisible, bool Ends);

/// <summary>What every runner needs of its process.</summary>
internal sealed record RunnerContext(
    StoreAvailability Availability, EventStoreOptions Store, ProjectionOptions Projections, TimeProvider Time, ProjectionLog Log);
