using AppHost.Running;

namespace AppHost.Tests.Running;

public sealed class TogetherTests
{
    [Fact]
    public async Task The_first_step_that_fails_ends_the_waiting_of_the_others_and_is_told()
    {
        var ended = false;
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => Together.AllAsync(
        [
            async stop =>
            {
                try
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, stop);
                }
                finally
                {
                    ended = true;
                }
            },
            async _ =>
            {
                await Task.Yield();
                throw new InvalidOperationException("it does not start");
            },
        ], TestContext.Current.CancellationToken));
        Assert.Equal(("it does not start", true), (failure.Message, ended));
    }

    [Fact]
    public async Task All_steps_are_waited_for()
    {
        var (done, first) = (0, new TaskCompletionSource());
        var all = Together.AllAsync([async _ => { await first.Task; done++; }, _ => { done++; return Task.CompletedTask; }], TestContext.Current.CancellationToken);
        Assert.False(all.IsCompleted);
        first.SetResult();
        await all;
        Assert.Equal(2, done);
    }
}
