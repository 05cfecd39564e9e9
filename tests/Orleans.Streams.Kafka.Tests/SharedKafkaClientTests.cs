namespace Orleans.Streams.Kafka.Tests;

public sealed class SharedKafkaClientTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private readonly List<string> _history = [];

    [Fact]
    public async Task Disposal_waits_for_a_call_that_blocks_and_refuses_those_that_come_meanwhile()
    {
        var client = Client();
        using var end = new ManualResetEventSlim();
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var call = Task.Run(() => client.Call(_ =>
        {
            began.SetResult();
            end.Wait();
            return Note("called");
        }));
        await began.Task.WaitAsync(Deadline);
        await DisposeMeanwhileAsync(client, end.Set);
        await call;
        Assert.Equal(["called", "closed", "disposed"], _history);
    }

    [Fact]
    public async Task Disposal_waits_for_the_end_of_an_asynchronous_call()
    {
        var client = Client();
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var call = client.CallAsync(async _ =>
        {
            await end.Task;
            return Note("called");
        });
        await DisposeMeanwhileAsync(client, end.SetResult);
        await call;
        Assert.Equal(["called", "closed", "disposed"], _history);
    }

    [Fact]
    public async Task A_call_that_fails_does_not_hold_disposal_up()
    {
        var client = Client();
        Assert.Throws<TimeoutException>(() => client.Call<bool>(_ => throw new TimeoutException()));
        await Assert.ThrowsAsync<TimeoutException>(() => client.CallAsync(_ => Task.FromException<bool>(new TimeoutException())));
        await Task.Run(client.Dispose).WaitAsync(Deadline);
        Assert.Equal(["closed", "disposed"], _history);
    }

    [Fact]
    public async Task After_disposal_every_call_is_refused_and_no_client_is_made()
    {
        var client = Client();
        client.Dispose();
        client.Dispose();
        Assert.Throws<ObjectDisposedException>(() => client.Call(_ => true));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.CallAsync(_ => Task.FromResult(true)));
        Assert.Empty(_history);
    }

    [Fact]
    public async Task A_client_that_failed_for_good_is_replaced_once_and_disposed_of_when_its_calls_have_ended()
    {
        var client = Client();
        var end = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        FakeClient? failed = null;
        var call = client.CallAsync(current =>
        {
            failed = current;
            return end.Task;
        });

        client.Replace(failed!, _ => Note("drained"));
        client.Replace(failed!, _ => Note("drained"));
        var replacement = client.Call(current => current);
        Assert.NotSame(failed, replacement);
        Assert.Same(replacement, client.Call(current => current));
        Assert.Empty(_history);

        end.SetResult(true);
        await call;
        Assert.True(SpinWait.SpinUntil(() => { lock (_history) return _history.SequenceEqual(["drained", "disposed"]); }, Deadline), "the failed one is drained and disposed of");
        client.Dispose();
        Assert.Equal(["drained", "disposed", "closed", "disposed"], _history);
    }

    private SharedKafkaClient<FakeClient> Client() => new(() => new FakeClient(() => Note("disposed")), _ => Note("closed"));

    /// <summary>Begins disposal, sees that it refuses calls and has not ended, and lets the call in progress end.</summary>
    private static async Task DisposeMeanwhileAsync(SharedKafkaClient<FakeClient> client, Action endTheCall)
    {
        var disposal = Task.Run(client.Dispose);
        Assert.True(SpinWait.SpinUntil(() => Refuses(client), Deadline), "disposal has begun");
        endTheCall();
        await disposal.WaitAsync(Deadline);
    }

    private static bool Refuses(SharedKafkaClient<FakeClient> client)
    {
        try
        {
            return client.Call(_ => false);
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    private bool Note(string what)
    {
        lock (_history)
        {
            _history.Add(what);
        }

        return true;
    }

    private sealed class FakeClient(Action onDisposed) : IDisposable
    {
        public void Dispose() => onDisposed();
    }
}
