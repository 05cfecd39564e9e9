namespace EventStore.Appending;

/// <summary>One stream that someone waits for.</summary>
internal sealed class LoadRequest(string streamKey, string aggregateName, int stateVersion, long? afterVersion)
{
    private readonly TaskCompletionSource<StreamContents> _contents = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string StreamKey { get; } = streamKey;

    public string AggregateName { get; } = aggregateName;

    public int StateVersion { get; } = stateVersion;

    public long? AfterVersion { get; } = afterVersion;

    public Task<StreamContents> Contents => _contents.Task;

    public void Complete(StreamContents contents) => _contents.TrySetResult(contents);

    public void Fail(StoreUnavailableException error) => _contents.TrySetException(error);
}
