using System.Threading.Channels;
using EventStore.Hosting;
using Microsoft.Extensions.Options;

namespace EventStore.Appending;

/// <summary>Loads streams for activations: while queries are in flight, the next requests gather and share one.</summary>
internal sealed class StreamLoader : IStreamLoader, IAsyncDisposable
{
    // Two, so that one long stream does not hold up every activation.
    private const int Loops = 2;

    private readonly Channel<LoadRequest> _queue;
    private readonly LoadQuery _query;
    private readonly StoreAvailability _availability;
    private readonly EventStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly Task _loops;

    public StreamLoader(LoadQuery query, StoreAvailability availability, IOptions<EventStoreOptions> options, TimeProvider time)
    {
        (_query, _availability, _options, _time) = (query, availability, options.Value, time);
        _queue = Channel.CreateBounded<LoadRequest>(_options.MaxQueuedAppends);
        _loops = Task.WhenAll(Enumerable.Range(0, Loops).Select(_ => Task.Run(RunAsync)));
    }

    public async ValueTask<StreamContents> LoadAsync(
        string streamKey, string aggregateName, int stateVersion, long? afterVersion, CancellationToken cancellationToken = default)
    {
        if (!StorableText.IsStorable(streamKey))
            return new StreamContents(0, null, [], []); // no such stream can exist
        var request = new LoadRequest(streamKey, aggregateName, stateVersion, afterVersion);
        try
        {
            await _queue.Writer.WriteAsync(request, cancellationToken);
        }
        catch (ChannelClosedException e)
        {
            throw new StoreUnavailableException($"The event store is stopping; {streamKey} was not loaded.", e);
        }

        return await request.Contents.WaitAsync(cancellationToken);
    }

    /// <summary>Answers what is queued, then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loops;
    }

    private async Task RunAsync()
    {
        while (await _queue.Reader.WaitToReadAsync())
        {
            var requests = new List<LoadRequest>();
            while (requests.Count < _options.MaxBatchLoads && _queue.Reader.TryRead(out var request))
                requests.Add(request);
            if (requests.Count > 0)
                await LoadAsync(requests);
        }
    }

    private async Task LoadAsync(List<LoadRequest> requests)
    {
        try
        {
            var started = _time.GetTimestamp();
            var streams = await _query.ExecuteAsync(requests, CancellationToken.None);
            StoreMetrics.LoadDuration.Record(_time.GetElapsedTime(started).TotalSeconds);
            _availability.Succeeded();
            for (var i = 0; i < streams.Length; i++)
                requests[i].Complete(streams[i]);
        }
        catch (Exception e)
        {
            // Whatever went wrong, no caller may wait for ever; each tries again in its own time.
            _availability.Failed(e);
            foreach (var request in requests)
                request.Fail(new StoreUnavailableException($"{request.StreamKey} could not be loaded; try again. {e.Message}", e));
        }
    }
}
