using SchemaRegistry.Registries;

namespace SchemaRegistry;

/// <summary>Decodes Avro in the Confluent wire format, each record by the schema that it was written with.</summary>
/// <typeparam name="T">What records decode to.</typeparam>
public sealed class AvroRecordDecoder<T>(ISchemaRegistry registry) : IRecordDecoder<T>
    where T : class
{
    private readonly AvroPlans<T> _plans = new(registry);

    /// <inheritdoc/>
    public ValueTask<T> DecodeAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default)
    {
        var id = AvroPlans.SchemaIdOf(payload);
        return _plans.Find(id) is { } plan
            ? ValueTask.FromResult(AvroPlans.Decode(plan, payload, id))
            : new ValueTask<T>(DecodeFirstAsync(id, payload, cancellationToken));
    }

    private async Task<T> DecodeFirstAsync(int id, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        AvroPlans.Decode(await _plans.LoadAsync(id, cancellationToken), payload, id);
}
