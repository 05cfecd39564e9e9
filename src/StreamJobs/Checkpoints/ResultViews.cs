namespace StreamJobs.Checkpoints;

/// <summary>
/// A job's results as a table with typed columns, for SQL: a view named <c>results_</c> and the job's name over the rows that its checkpoints write, so it
/// costs no second copy and is as exact as they are.
/// </summary>
internal static class ResultViews
{
    private static readonly string[] Fixed = ["key", "window_start", "window_end", "revision"];

    /// <summary>The view's name.</summary>
    public static string NameOf(Job job) => $"results_{job.Name.Replace('-', '_')}";

    /// <summary>The statement that creates the view, or puts it in the place of one with the same columns.</summary>
    public static string Create(Job job) =>
        $$"""
        create or replace view {schema}.{{NameOf(job)}} as
        select key, to_timestamp(start_ms / 1000.0) as window_start, to_timestamp(end_ms / 1000.0) as window_end, revision{{string.Concat(Columns(job.ResultType))}}
        from {schema}.job_results where job = '{{job.Name}}' and not retracted
        """;

    /// <summary>The statement that makes way for one with other columns.</summary>
    public static string Drop(Job job) => $"drop view if exists {{schema}}.{NameOf(job)}";

    private static IEnumerable<string> Columns(Type result)
    {
        if (TypeOf(result) is { } scalar)
            return [$", (value #>> '{{}}')::{scalar} as value"];
        return result.GetProperties().Where(p => p.GetIndexParameters().Length == 0).Select(p =>
        {
            var column = Fixed.Contains(p.Name, StringComparer.Ordinal) ? $"value_{p.Name}" : p.Name;
            return TypeOf(p.PropertyType) is { } type ? $", (value ->> '{p.Name}')::{type} as \"{column}\"" : $", value -> '{p.Name}' as \"{column}\"";
        });
    }

    /// <summary>The column's type in Postgres; null for what stays JSON.</summary>
    private static string? TypeOf(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        { IsEnum: true } => null,
        var t when t == typeof(string) => "text",
        var t when t == typeof(bool) => "boolean",
        var t when t == typeof(int) || t == typeof(long) || t == typeof(short) || t == typeof(byte) => "bigint",
        var t when t == typeof(decimal) => "numeric",
        var t when t == typeof(double) || t == typeof(float) => "double precision",
        var t when t == typeof(DateTimeOffset) || t == typeof(DateTime) => "timestamptz",
        var t when t == typeof(Guid) => "uuid",
        _ => null,
    };
}
