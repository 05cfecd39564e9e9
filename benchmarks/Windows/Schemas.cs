using Contracts.Records;
using SchemaRegistry;
using SchemaRegistry.Registries;

namespace Windows;

/// <summary>The schemas of what is read and written, and the encoder that fills the topic.</summary>
internal static class Schemas
{
    private static string UserEvent => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "schemas", "user_event.avsc"));

    public static int UserEventId => SchemaId.Of(UserEvent);

    public static void Write(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "user_event.avsc"), UserEvent);
        File.WriteAllText(Path.Combine(folder, "window_total.avsc"), WindowTotal.Schema);
        File.WriteAllText(
            Path.Combine(folder, "subjects.json"),
            """{"user-events-value":{"schema":"user_event.avsc"},"window-totals-value":{"schema":"window_total.avsc"}}""");
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
