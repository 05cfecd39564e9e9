using Orleans.Providers.Streams.Common;

namespace Orleans.Streams.Kafka.Cache;

/// <summary>
/// What the receiver hands the pulling agent: "this stream has something pending". The items themselves are in the cache already; the agent
/// only needs the stream's id to start, or to wake, its cursors.
/// </summary>
internal sealed class StreamNotice(StreamId streamId, long offset) : IBatchContainer
{
    public StreamId StreamId { get; } = streamId;

    public StreamSequenceToken SequenceToken { get; } = new EventSequenceTokenV2(offset);

    public IEnumerable<Tuple<T, StreamSequenceToken>> GetEvents<T>() => [];

    public bool ImportRequestContext() => false;
}
