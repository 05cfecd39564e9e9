using SchemaRegistry.Registries;

namespace SchemaRegistry;

/// <summary>
/// Reads many records of one partition into a type with only the fields that matter, a struct usually: what it lacks is skipped, and strings that recur
/// are not allocated again. For one thread.
/// </summary>
/// <typeparam name="T">What records are read as.</typeparam>
public sealed class AvroFieldReader<T>(ISchemaRegistry registry)
{
    private readonly AvroPlans<T> _plans = new(registry);
    private readonly StringCache _strings = new();
    private ReadRecord<T>? _plan;
    private int _id = -1;

    /// <summary>Reads a record.</summary>
    /// <param name="payload">The record's value, in the Confluent wire format.</param>
    /// <param name="record">The record.</param>
    /// <returns>False when its schema must be loaded first: see <see cref="LoadAsync"/>.</returns>
    /// <exception cref="RecordFormatException">The value cannot be read.</exception>
    public bool TryRead(ReadOnlyMemory<byte> payload, out T record)
    {
        var id = AvroPlans.SchemaIdOf(payload);
        if (id != _id)
        {
            if (_plans.Find(id) is not { } plan)
            {
                record = default!;
                return false;
            }

            (_id, _plan) = (id, plan);
        }

        record = AvroPlans.Decode(_plan!, payload, id, _strings);
        return true;
    }

    /// <summary>Loads the schema of a record, so that <see cref="TryRead"/> can read it.</summary>
    /// <exception cref="RecordFormatException">The registry knows no such schema.</exception>
    /// <exception cref="SchemaRegistryUnavailableException">The registry cannot be reached.</exception>
    public async ValueTask LoadAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        await _plans.LoadAsync(AvroPlans.SchemaIdOf(payload), cancellationToken);
}
