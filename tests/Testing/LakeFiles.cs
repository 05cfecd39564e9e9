using ParquetSharp;

namespace Testing;

/// <summary>Reads the lake as others do: with Apache Arrow's own reader, and only files whose names say that they are Parquet.</summary>
public static class LakeFiles
{
    /// <summary>Every file below a folder, by name.</summary>
    public static string[] Of(string folder) => [.. Directory.EnumerateFiles(folder, "*.parquet", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    /// <summary>A file's rows, each as the values of its columns.</summary>
    public static IReadOnlyList<IReadOnlyList<object?>> Read(string path)
    {
        using var file = new ParquetFileReader(path);
        var rows = new List<IReadOnlyList<object?>>();
        for (var g = 0; g < file.FileMetaData.NumRowGroups; g++)
        {
            using var group = file.RowGroup(g);
            var count = checked((int)group.MetaData.NumRows);
            var columns = Enumerable.Range(0, file.FileMetaData.NumColumns).Select(i => Column(group.Column(i), count)).ToArray();
            rows.AddRange(Enumerable.Range(0, count).Select(r => (IReadOnlyList<object?>)[.. columns.Select(c => c.GetValue(r))]));
        }

        return rows;
    }

    /// <summary>A file's columns: name and type.</summary>
    public static string[] Columns(string path)
    {
        using var file = new ParquetFileReader(path);
        return [.. Enumerable.Range(0, file.FileMetaData.NumColumns).Select(i => file.FileMetaData.Schema.Column(i)).Select(c => $"{c.Name} {c.LogicalType}")];
    }

    private static Array Column(ColumnReader column, int count)
    {
        using var reader = column.LogicalReader();
        return reader.Apply(new Values(count));
    }

    private sealed class Values(int count) : ILogicalColumnReaderVisitor<Array>
    {
        public Array OnLogicalColumnReader<TValue>(LogicalColumnReader<TValue> reader) => reader.ReadAll(count);
    }
}
