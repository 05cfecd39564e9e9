using SchemaRegistry.Registries;

namespace SchemaRegistry.Tests;

/// <summary>Schemas and folders that several tests use.</summary>
internal static class Samples
{
    public const string V1 = """{"type":"record","name":"R","fields":[{"name":"a","type":"string"}]}""";
    public const string V2 = """{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"n","type":"int","default":0}]}""";
    public const string Broken = """{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}""";

    /// <summary>The shop's own folder.</summary>
    public static FolderSchemaRegistry Shop() => new(Path.Combine(AppContext.BaseDirectory, "schemas"));

    /// <summary>A new folder with <see cref="V1"/> under <c>r-value</c>.</summary>
    public static string Folder()
    {
        var folder = Directory.CreateTempSubdirectory("schemas-").FullName;
        File.WriteAllText(Path.Combine(folder, "r.avsc"), V1);
        File.WriteAllText(Path.Combine(folder, "subjects.json"), """{"r-value":{"schema":"r.avsc","compatibility":"BACKWARD"}}""");
        return folder;
    }

    /// <summary>A record with one string field, in the wire format.</summary>
    public static byte[] Value(int schemaId, string text)
    {
        var value = new byte[WireFormat.HeaderLength + 1 + text.Length];
        WireFormat.WriteHeader(value, schemaId);
        value[WireFormat.HeaderLength] = (byte)(text.Length << 1);
        System.Text.Encoding.ASCII.GetBytes(text, value.AsSpan(WireFormat.HeaderLength + 1));
        return value;
    }

    /// <summary>What values of <see cref="V1"/> decode to.</summary>
    public sealed record R
    {
        public required string A { get; init; }
    }
}
