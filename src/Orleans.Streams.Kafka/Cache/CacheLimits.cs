namespace Orleans.Streams.Kafka.Cache;

/// <summary>How much of a partition may be held, and how deliveries are shaped.</summary>
internal sealed record CacheLimits
{
    /// <summary>Items that wait for their acknowledgement.</summary>
    public required int Items { get; init; }

    /// <summary>Bytes of those items.</summary>
    public required long Bytes { get; init; }

    /// <summary>Delivered items at or above the watermark, acknowledged ones included: how far one stalled stream lets the others run ahead.</summary>
    public required int Span { get; init; }

    /// <summary>Deliveries on their way to grains at once.</summary>
    public required int Deliveries { get; init; }

    /// <summary>Streams new to the agent that it is told of at once: it reads nothing until all of them are registered.</summary>
    public required int Registrations { get; init; }

    /// <summary>Items of one delivery.</summary>
    public required int BatchItems { get; init; }

    /// <summary>Bytes of one delivery; a larger single item is delivered alone.</summary>
    public required long BatchBytes { get; init; }

    /// <summary>The first wait before a failed delivery is presented again; it doubles with each failure.</summary>
    public required TimeSpan RedeliveryMin { get; init; }

    /// <summary>The longest such wait.</summary>
    public required TimeSpan RedeliveryMax { get; init; }

    /// <summary>Longer than the pulling agent remembers a stream of which it hears nothing.</summary>
    public required TimeSpan AgentForgets { get; init; }
}
