using EventStore.Projections.Running;
using EventStore.Projections.Storage;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EventStore.Projections;

internal sealed class ProjectionControl(
    ProjectionQueries queries, GenerationStore store, ReplayLog log, ProjectionSet set, ProjectionNudge nudge, IOptions<ProjectionOptions> options) : IProjections
{
    public async ValueTask<IReadOnlyList<ProjectionStatus>> ListAsync(CancellationToken cancellationToken = default) =>
        await queries.ListAsync(cancellationToken);

    public async ValueTask<ProjectionStatus?> GetAsync(string name, CancellationToken cancellationToken = default) =>
        await queries.GetAsync(name, cancellationToken);

    public async ValueTask<HighWaterStatus> HighWaterAsync(CancellationToken cancellationToken = default) =>
        await queries.HighWaterAsync(cancellationToken);

    public async ValueTask<IReadOnlyList<string>> ProblemsAsync(CancellationToken cancellationToken = default)
    {
        var statuses = await queries.ListAsync(cancellationToken);
        var mark = await queries.HighWaterAsync(cancellationToken);
        var problems = new List<string>();
        foreach (var s in statuses)
        {
            if (s.State == ProjectionState.Failed)
                problems.Add($"Projection '{s.Name}' failed{(s.Error?.Sequence is { } at ? $" on event {at} ('{s.Error.EventType}' of stream '{s.Error.StreamKey}')" : "")}: {s.Error?.Message}");
            if (s.State == ProjectionState.Stopped)
                problems.Add($"Projection '{s.Name}' is stopped: no silo runs version {s.Version}, or an operator stopped it. If it was taken out of the program, clean it up.");
            if (s.Skipped > 0)
                problems.Add($"Projection '{s.Name}' passed over {s.Skipped} events that it failed on: see the table projection_skips.");
        }

        problems.AddRange(set.Names.Except(statuses.Select(s => s.Name)).Select(name => $"Projection '{name}' was never started: no silo runs it."));
        if (mark.StalledSeconds > options.Value.StallAfter.TotalSeconds)
            problems.Add($"Marten's high-water mark stands at {mark.Mark} while the newest event is {mark.Newest}: events have waited for {mark.StalledSeconds:F0} s. Look for old transactions in pg_stat_activity.");
        return problems;
    }

    public ValueTask ResumeAsync(string name, string who, bool skipFailedEvent = false, CancellationToken cancellationToken = default) =>
        ActAsync(name, async (connection, all) =>
        {
            var halted = all.Where(g => g.Run is RunState.Failed or RunState.Stopped && g.Stage != GenerationStage.Retired).ToArray();
            if (halted.Length == 0)
                throw new ProjectionException(ProjectionRefusal.Conflict, $"Projection '{name}' is neither failed nor stopped: there is nothing to resume.");
            foreach (var generation in halted)
            {
                if (skipFailedEvent)
                    await SkipAsync(connection, generation, cancellationToken);
                await store.SetRunAsync(connection, generation.Id, RunState.Running, null, cancellationToken);
            }

            await log.RecordAsync(connection, who, skipFailedEvent ? "skip" : "resume", $"projection {name}",
                halted.Select(g => g.Failure).FirstOrDefault(f => f is not null) is { } failure ? $"it had failed on event {failure.Sequence}: {failure.Message}" : null, cancellationToken);
        }, cancellationToken);

    public ValueTask StopAsync(string name, string who, CancellationToken cancellationToken = default) =>
        ActAsync(name, async (connection, all) =>
        {
            var running = all.Where(g => g.CanRun).ToArray();
            if (running.Length == 0)
                throw new ProjectionException(ProjectionRefusal.Conflict, $"Projection '{name}' does not run.");
            foreach (var generation in running)
                await store.SetRunAsync(connection, generation.Id, RunState.Stopped, null, cancellationToken);
            await log.RecordAsync(connection, who, "stop", $"projection {name}", null, cancellationToken);
        }, cancellationToken);

    public ValueTask RollBackAsync(string name, string who, CancellationToken cancellationToken = default) =>
        ActAsync(name, async (connection, all) =>
        {
            var before = all.LastOrDefault(g => g.Stage == GenerationStage.Retired)
                ?? throw new ProjectionException(ProjectionRefusal.Conflict, $"Projection '{name}' has no earlier generation to go back to.");
            if (set.Find(before.Definition, before.Version) is null)
                throw new ProjectionException(ProjectionRefusal.Conflict,
                    $"Version {before.Version} of projection '{name}' is not part of this program, so nothing could fold new events into it: register it beside the newer one.");
            var active = all.Single(g => g.Stage == GenerationStage.Active);
            await store.Tables.ActivateAsync(connection, before, active, cancellationToken);
            await log.RecordAsync(connection, who, "roll back", $"projection {name}",
                $"from version {active.Version} (generation {active.Id}) to version {before.Version} (generation {before.Id})", cancellationToken);
        }, cancellationToken);

    public async ValueTask<int> CleanUpAsync(string name, string who, CancellationToken cancellationToken = default)
    {
        var dropped = 0;
        await ActAsync(name, async (connection, all) =>
        {
            // A replay under a name of its own is read by nothing but its reader: it goes whole. So does what was taken out of the program, unless another
            // program, newer than this one, may have it.
            var removed = !set.Knows(name) && all.Any(g => g.Definition == g.Name);
            var whole = !set.Knows(name) && all.All(g => g.Stage != GenerationStage.Building) && !(removed && await MayRunAsync(name, all, cancellationToken));
            var going = all.Where(g => g.Stage == GenerationStage.Retired || whole).ToArray();
            if (removed && going.Length == 0)
                throw new ProjectionException(ProjectionRefusal.Conflict, $"'{name}' is not part of this program, but another may have it: a silo has run it within the last minute, "
                    + "or it is being built, stopped or failed. If it was taken out, cancel what builds it, resume it where it is halted, and clean it up a minute after its last silo.");
            if (whole)
                await store.Tables.HideAsync(connection, name, cancellationToken);
            foreach (var generation in going)
                await store.Tables.DropAsync(connection, generation, cancellationToken);
            dropped = going.Length;
            await log.RecordAsync(connection, who, "clean up", $"projection {name}", $"{dropped} generations dropped", cancellationToken);
        }, cancellationToken);
        return dropped;
    }

    private async Task<bool> MayRunAsync(string name, List<Generation> all, CancellationToken cancellationToken) =>
        all.Any(g => g.Run is RunState.Stopped or RunState.Failed) || await store.WasSeenAsync(name, cancellationToken);

    // What an operator decided is on record in both places: here for the projection, in the operator log for the person.
    private async Task SkipAsync(NpgsqlConnection connection, Generation generation, CancellationToken cancellationToken)
    {
        if (generation.Failure is not { Sequence: { } sequence } failure)
            throw new ProjectionException(ProjectionRefusal.Conflict, $"Projection '{generation.Name}' failed on no single event that could be passed over: fix the cause and resume it.");
        var position = StoreFeed.Position(sequence);
        if (!long.TryParse(generation.Position, out var at) || at >= sequence)
            throw new ProjectionException(ProjectionRefusal.Conflict, $"A replay from another source than the store cannot pass over an event: cancel it, or fix '{generation.Definition}'.");
        await using var skip = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new($"insert into {store.Schema}.projection_skips (generation, sequence, stream_key, event_type, error) values ($1, $2, $3, $4, $5)")
                {
                    Parameters =
                    {
                        new() { Value = generation.Id }, new() { Value = sequence }, new() { Value = failure.StreamKey! },
                        new() { Value = failure.EventType! }, new() { Value = failure.Exception },
                    },
                },
                new($"update {store.Schema}.projection_generations set position = $2, sequence = $3 where id = $1")
                {
                    Parameters = { new() { Value = generation.Id }, new() { Value = position }, new() { Value = sequence } },
                },
            },
        };
        await skip.ExecuteNonQueryAsync(cancellationToken);
    }

    private async ValueTask ActAsync(string name, Func<NpgsqlConnection, List<Generation>, Task> act, CancellationToken cancellationToken)
    {
        await store.InTransactionAsync(async connection =>
        {
            var all = await store.Tables.LockAsync(connection, name, cancellationToken);
            if (all.Count == 0)
                throw new ProjectionException(ProjectionRefusal.NotFound, $"There is no projection '{name}'.");
            await act(connection, all);
            return true;
        }, cancellationToken);
        await nudge.SendAsync(name);
    }
}
