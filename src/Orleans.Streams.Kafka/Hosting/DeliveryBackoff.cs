using Orleans.Runtime.Providers;

namespace Orleans.Streams.Kafka.Hosting;

/// <summary>The waits between the attempts of one delivery: 50 ms, doubling up to a second.</summary>
internal sealed class DeliveryBackoff : IMessageDeliveryBackoffProvider
{
    public TimeSpan Next(int attempt) => TimeSpan.FromMilliseconds(Math.Min(1000, 50 << Math.Min(attempt, 5)));
}

/// <summary>After an unexpected error in a read; Orleans' own is 10 to 20 s.</summary>
internal sealed class ReaderBackoff : IQueueReaderBackoffProvider
{
    public TimeSpan Next(int attempt) => TimeSpan.FromSeconds(1);
}
