using System.Text.Json.Nodes;
using Contracts.Records;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace Windows;

/// <summary>The schemas of what is read and written, and the encoder that fills the topic.</summary>
internal static class Schemas
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "schemas");

    private static string UserEvent => File.ReadAllText(Path.Combine(Folder, "user_event.avsc"));

    public static int UserEventId => SchemaId.Of(UserEvent);

    public static void Write(string folder)
    {
        foreach (var file in Directory.GetFiles(Folder, "*.avsc"))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        File.WriteAllText(Path.Combine(folder, "window_total.avsc"), WindowTotal.Schema);
        var subjects = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "subjects.json")))!.AsObject();
        subjects["window-totals-value"] = new JsonObject { ["schema"] = "window_total.avsc" };
        File.WriteAllText(Path.Combine(folder, "subjects.json"), subjects.ToJsonString());
    }

    public static AvroRecordEncoder<UserRecord> UserEvents() => new(new("user-events-value", 1, UserEventId, UserEvent));

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
