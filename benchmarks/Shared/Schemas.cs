using System.Text.Json.Nodes;
using Contracts.Records;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace Shared;

/// <summary>The schemas of what is read and written, and the encoder that fills the topic.</summary>
public static class Schemas
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "schemas");

    private static string UserEvent => File.ReadAllText(Path.Combine(Folder, "user_event.avsc"));

    /// <summary>The folder's schemas, and one more under a topic's name, in a folder of their own.</summary>
    public static void Write(string folder, string topic, string schema)
    {
        foreach (var file in Directory.GetFiles(Folder, "*.avsc"))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        File.WriteAllText(Path.Combine(folder, $"{topic}.avsc"), schema);
        var subjects = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "subjects.json")))!.AsObject();
        subjects[$"{topic}-value"] = new JsonObject { ["schema"] = $"{topic}.avsc" };
        File.WriteAllText(Path.Combine(folder, "subjects.json"), subjects.ToJsonString());
    }

    public static AvroRecordEncoder<UserRecord> UserEvents() => new(new("user-events-value", 1, SchemaId.Of(UserEvent), UserEvent));

    /// <summary>A registry of one schema, for a plain reader.</summary>
    public static ISchemaRegistry Of(string schema) => new OneSchema(schema);

    public static ISchemaRegistry OfUserEvents() => Of(UserEvent);

    private sealed class OneSchema(string schema) : ISchemaRegistry
    {
        public ValueTask<string> GetByIdAsync(int id, CancellationToken cancellationToken = default) => ValueTask.FromResult(schema);

        public ValueTask<IReadOnlyList<RegisteredSchema>> ListAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<RegisteredSchema> RegisterAsync(string subject, string text, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
