namespace SchemaRegistry;

/// <summary>Decodes the values of a topic.</summary>
/// <typeparam name="T">What they decode to.</typeparam>
public interface IRecordDecoder<T>
    where T : class
{
    /// <summary>Decodes a value. Completes at once unless the writer's schema is seen for the first time.</summary>
    /// <param name="payload">The value as it lies on the topic.</param>
    /// <param name="cancellationToken">Stops waiting for the registry.</param>
    /// <exception cref="RecordFormatException">The value is not what it should be.</exception>
    /// <exception cref="SchemaRegistryUnavailableException">The registry is needed and cannot be reached.</exception>
    ValueTask<T> DecodeAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default);
}

/// <summary>Encodes the values of a topic.</summary>
/// <typeparam name="T">What is encoded.</typeparam>
public interface IRecordEncoder<in T>
    where T : class
{
    /// <summary>Encodes a value in the registered schema.</summary>
    byte[] Encode(T record);
}
