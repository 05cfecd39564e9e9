using EventStore.Hosting;
using EventStore.Projections.Storage;
using Npgsql;

namespace EventStore.Projections;

/// <summary>How the projections are, as the database shows it: the same from every process.</summary>
internal sealed class ProjectionQueries(StoreDatabase database)
{
    /// <summary>Behind by less than this is live: a projection without events of interest writes its checkpoint once a second.</summary>
    private const double LiveSeconds = 3;

    /// <summary>A runner that was not seen for so long does not run.</summary>
    private const int SilentSeconds = 15;

    private readonly string _status = $"""
        select {Generation.Columns}, h.newest, coalesce(l.seconds, 0), coalesce(g.seen_at > now() - interval '{SilentSeconds} seconds', false),
            (select count(*) from {database.Schema}.projection_skips s where s.generation = g.id)
        from {database.Schema}.projection_generations g
        cross join (select coalesce(max(seq_id), 0) as newest from {database.Schema}.mt_events) h
        left join lateral (
            select greatest(extract(epoch from clock_timestamp() - e.timestamp), 0)::float8 as seconds
            from {database.Schema}.mt_events e where e.seq_id > g.sequence order by e.seq_id limit 1) l on true
        where g.stage in (1, 2) and ($1 = '' or g.name = $1)
        order by g.name
        """;

    private readonly string _highWater = $"""
        select m.mark, h.newest, coalesce((
            select greatest(extract(epoch from clock_timestamp() - e.timestamp), 0)::float8
            from {database.Schema}.mt_events e where e.seq_id > m.mark order by e.seq_id limit 1), 0)
        from (select coalesce(max(last_seq_id), 0) as mark from {database.Schema}.mt_event_progression where name = 'HighWaterMark') m
        cross join (select coalesce(max(seq_id), 0) as newest from {database.Schema}.mt_events) h
        """;

    public async Task<IReadOnlyList<ProjectionStatus>> ListAsync(CancellationToken cancellationToken) => await StatusesAsync("", cancellationToken);

    public async Task<ProjectionStatus?> GetAsync(string name, CancellationToken cancellationToken) =>
        name.Length == 0 ? null : (await StatusesAsync(name, cancellationToken)).SingleOrDefault();

    public async Task<HighWaterStatus> HighWaterAsync(CancellationToken cancellationToken) => (await database.QueryAsync(
        _highWater, [], row => new HighWaterStatus(row.GetInt64(0), row.GetInt64(1), row.GetDouble(2)), cancellationToken))[0];

    private async Task<List<ProjectionStatus>> StatusesAsync(string name, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(_status, [name], Row.Read, cancellationToken);
        return [.. rows.GroupBy(r => r.Generation.Name, StringComparer.Ordinal).Select(Status)];
    }

    private static ProjectionStatus Status(IGrouping<string, Row> rows)
    {
        var active = rows.SingleOrDefault(r => r.Generation.Stage == GenerationStage.Active);
        var building = rows.SingleOrDefault(r => r.Generation.Stage == GenerationStage.Building);
        var shown = active ?? building!;
        var failed = rows.FirstOrDefault(r => r.Generation.Run == RunState.Failed);
        return new ProjectionStatus(rows.Key, shown.Generation.Kind, (building ?? shown).Generation.Version, active?.Generation.Version,
            failed is not null ? ProjectionState.Failed : State(active, building), shown.Generation.Sequence,
            Math.Max(0, shown.Newest - shown.Generation.Sequence), shown.LagSeconds, rows.Sum(r => r.Alive ? r.Generation.Rate : 0),
            failed?.Generation.Failure, rows.Sum(r => r.Skipped), shown.Alive ? shown.Generation.Runner : null);
    }

    private static ProjectionState State(Row? active, Row? building) =>
        building is { Alive: true, Generation.Run: RunState.Running } ? ProjectionState.Rebuilding
        : active is { Generation.Run: RunState.Complete } ? ProjectionState.Complete
        : active is not { Alive: true, Generation.Run: RunState.Running } ? ProjectionState.Stopped
        : active.LagSeconds < LiveSeconds ? ProjectionState.Live : ProjectionState.CatchingUp;

    private sealed record Row(Generation Generation, long Newest, double LagSeconds, bool Alive, long Skipped)
    {
        public static Row Read(NpgsqlDataReader row) =>
            new(Generation.Read(row), row.GetInt64(13), row.GetDouble(14), row.GetBoolean(15), row.GetInt64(16));
    }
}
