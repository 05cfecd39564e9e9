using System.Text.Json;
using Npgsql;

namespace EventStore.Projections.Storage;

internal enum GenerationStage
{
    Building = 1,
    Active = 2,
    Retired = 3,
    Dropped = 4,
}

internal enum RunState
{
    Running = 1,
    Stopped = 2,
    Failed = 3,
    Complete = 4,
}

/// <summary>A row of projection_generations.</summary>
internal sealed record Generation(
    int Id, string Name, string Definition, int Version, ProjectionKind Kind, GenerationStage Stage, RunState Run, string? Table,
    string Position, long Sequence, double Rate, ProjectionFailure? Failure, string? Runner)
{
    public const string Columns = "g.id, g.name, g.definition, g.version, g.kind, g.stage, g.run, g.table_name, g.position, g.sequence, "
        + "g.rate, g.failure::text, g.runner";

    public static Generation Read(NpgsqlDataReader row) => Read(row, 0);

    public static Generation Read(NpgsqlDataReader row, int first) => new(
        row.GetInt32(first), row.GetString(first + 1), row.GetString(first + 2), row.GetInt32(first + 3), (ProjectionKind)row.GetInt16(first + 4),
        (GenerationStage)row.GetInt16(first + 5), (RunState)row.GetInt16(first + 6), row.IsDBNull(first + 7) ? null : row.GetString(first + 7),
        row.GetString(first + 8), row.GetInt64(first + 9), row.GetDouble(first + 10),
        row.IsDBNull(first + 11) ? null : JsonSerializer.Deserialize<ProjectionFailure>(row.GetString(first + 11), EventJson.Options),
        row.IsDBNull(first + 12) ? null : row.GetString(first + 12));

    public bool CanRun => Run == RunState.Running && Stage is (GenerationStage.Building or GenerationStage.Active);

    /// <summary>The view that readers see; names hold no underscore, so none is taken twice.</summary>
    public static string ViewOf(string name) => "projection_" + name.Replace('-', '_');

    public static string TableOf(string name, int version, int id) => $"documents_{name.Replace('-', '_')}_v{version}_g{id}";
}
