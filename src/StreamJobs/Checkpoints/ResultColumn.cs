using System.Collections;
using System.Reflection;
using System.Text.Json.Serialization;

namespace StreamJobs.Checkpoints;

/// <summary>A field of a job's results as a column of a table.</summary>
/// <param name="Field">The field's name in the stored JSON; null where the result is a single value, or a list.</param>
/// <param name="Name">The column's name: the field's, unless a column that every table has is called so.</param>
/// <param name="Type">What the column holds; null for what stays JSON.</param>
internal sealed record ResultColumn(string? Field, string Name, Type? Type)
{
    private static readonly string[] OfEveryResult = ["key", "window_start", "window_end", "revision", "date"];

    /// <summary>The columns of a type of result, in the order of its fields.</summary>
    public static IReadOnlyList<ResultColumn> Of(Type result)
    {
        if (Scalar(result) is { } scalar)
            return [new(null, "value", scalar)];
        var columns = typeof(IEnumerable).IsAssignableFrom(result) ? [] : result.GetProperties()
            .Where(p => p.GetIndexParameters().Length == 0 && p.GetCustomAttribute<JsonIgnoreAttribute>() is not { Condition: JsonIgnoreCondition.Always }).Select(Of).ToArray();
        return columns.Length > 0 ? columns : [new(null, "value", null)];
    }

    private static ResultColumn Of(PropertyInfo property)
    {
        var field = property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? property.Name;
        return new(field, OfEveryResult.Contains(field, StringComparer.Ordinal) ? $"value_{field}" : field, Scalar(property.PropertyType));
    }

    /// <summary>What a field is kept as: whole numbers are long, fractions double.</summary>
    private static Type? Scalar(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        { IsEnum: true } => null,
        var t when t == typeof(int) || t == typeof(long) || t == typeof(short) || t == typeof(byte) => typeof(long),
        var t when t == typeof(double) || t == typeof(float) => typeof(double),
        var t when t == typeof(DateTimeOffset) || t == typeof(DateTime) => typeof(DateTimeOffset),
        var t when t == typeof(string) || t == typeof(bool) || t == typeof(decimal) || t == typeof(Guid) => t,
        _ => null,
    };
}
