using SchemaRegistry;
using Shared;

namespace Windows;

/// <summary>What the bare loop does with a value: reads of it what the jobs read.</summary>
internal sealed class Decoding
{
    private readonly AvroFieldReader<WindowJobs.Sale> _reader = new(Schemas.OfUserEvents());

    public async ValueTask TakeAsync(byte[] value)
    {
        if (!_reader.TryRead(value, out _))
            await _reader.LoadAsync(value, CancellationToken.None);
    }
}
