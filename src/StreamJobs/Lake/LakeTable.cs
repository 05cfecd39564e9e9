using System.Text.Json;
using Parquet;
using Parquet.Schema;
using StreamJobs.Checkpoints;
using StreamJobs.Engine;

namespace StreamJobs.Lake;

/// <summary>A job's results as a Parquet table: the columns of its SQL view.</summary>
internal sealed class LakeTable
{
    // The widest decimal of Parquet's readers; a C# decimal has at most 29 digits before the point.
    private const int Precision = 38;
    private const int Scale = 9;
    private static readonly DataField Key = new("key", typeof(string), isNullable: false);
    private static readonly DataField Start = Timestamp("window_start", isNullable: false);
    private static readonly DataField End = Timestamp("window_end", isNullable: false);
    private static readonly DataField Revision = new("revision", typeof(int), isNullable: false);
    private readonly (ResultColumn Column, DataField Field)[] _values;
    private readonly ParquetSchema _schema;

    public LakeTable(Type result)
    {
        _values = [.. ResultColumn.Of(result).Select(c => (c, Field(c)))];
        _schema = new ParquetSchema([Key, Start, End, Revision, .. _values.Select(v => v.Field)]);
    }

    /// <summary>Writes a whole file.</summary>
    /// <exception cref="IOException">There is no room, or the disk fails.</exception>
    public async Task WriteAsync(Stream output, IReadOnlyList<LakeRow> rows, CancellationToken cancellationToken)
    {
        await using var writer = await ParquetWriter.CreateAsync(_schema, output, new() { CompressionMethod = CompressionMethod.Zstd }, cancellationToken: cancellationToken);
        using var group = writer.CreateRowGroup();
        await group.WriteAsync(Key, rows.Select(r => r.Key).ToArray());
        await group.WriteAsync<DateTime>(Start, rows.Select(r => Utc(r.StartMs)).ToArray(), cancellationToken: cancellationToken);
        await group.WriteAsync<DateTime>(End, rows.Select(r => Utc(r.EndMs)).ToArray(), cancellationToken: cancellationToken);
        await group.WriteAsync<int>(Revision, rows.Select(r => r.Revision).ToArray(), cancellationToken: cancellationToken);
        foreach (var (column, field) in _values)
            await WriteAsync(group, column.Type, field, [.. rows.Select(r => Value(r.Value, column.Field))], cancellationToken);
        group.CompleteValidate();
    }

    private static Task WriteAsync(ParquetRowGroupWriter group, Type? type, DataField field, JsonElement?[] values, CancellationToken cancellationToken)
    {
        Task Write<T>(Func<JsonElement, T> read)
            where T : struct => group.WriteAsync<T>(field, values.Select(v => v is { } some ? Read(some, read) : (T?)null).ToArray(), cancellationToken: cancellationToken);

        T Read<T>(JsonElement value, Func<JsonElement, T> read)
        {
            try
            {
                return read(value);
            }
            catch (Exception e) when (e is FormatException or InvalidOperationException)
            {
                throw new FormatException($"Column '{field.Name}' is of {type!.Name}, but a result has {value.GetRawText()} there: another version of the job has written it.", e);
            }
        }

        return type switch
        {
            _ when type == typeof(bool) => Write(v => v.GetBoolean()),
            _ when type == typeof(long) => Write(v => v.GetInt64()),
            _ when type == typeof(double) => Write(v => v.GetDouble()),
            _ when type == typeof(decimal) => Write(v => decimal.Round(v.GetDecimal(), Scale)),
            _ when type == typeof(DateTimeOffset) => Write(v => v.GetDateTimeOffset().UtcDateTime),
            _ when type == typeof(string) || type == typeof(Guid) => group.WriteAsync(field, values.Select(v => v?.GetString()).ToArray()!),
            _ => group.WriteAsync(field, values.Select(v => v?.GetRawText()).ToArray()!),
        };
    }

    private static JsonElement? Value(JsonElement result, string? field)
    {
        var value = field is null ? result : result.ValueKind == JsonValueKind.Object && result.TryGetProperty(field, out var found) ? found : default;
        return value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? null : value;
    }

    private static DataField Field(ResultColumn column) => column.Type switch
    {
        { } type when type == typeof(decimal) => new DecimalDataField(column.Name, Precision, Scale, isNullable: true),
        { } type when type == typeof(DateTimeOffset) => Timestamp(column.Name, isNullable: true),
        { } type when type != typeof(Guid) => new DataField(column.Name, type, isNullable: true),
        _ => new DataField(column.Name, typeof(string), isNullable: true),
    };

    private static DateTimeDataField Timestamp(string name, bool isNullable) =>
        new(name, DateTimeFormat.Timestamp, isAdjustedToUTC: true, DateTimeTimeUnit.Micros, isNullable);

    private static DateTime Utc(long ms) => EventTime.At(ms).UtcDateTime;
}
