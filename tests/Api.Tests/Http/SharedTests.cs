using EventPlatform.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Api.Tests.Http;

public sealed class SharedTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Queue<TaskCompletionSource<int>> _computations = new();
    private int _begun;

    [Fact]
    public async Task An_answer_stands_for_a_while_and_then_everyone_waits_for_the_next()
    {
        var shared = Create(whileComputing: TimeSpan.Zero);
        Assert.Equal(1, await FirstAsync(shared));
        Assert.Equal((1, 1), (await shared.GetAsync(default), _begun));

        _time.Advance(TimeSpan.FromSeconds(1));
        var asked = new[] { shared.GetAsync(default), shared.GetAsync(default) };
        await EndAsync(2);
        Assert.Equal((2, 2), (await asked[0], await asked[1]));
        Assert.Equal(2, _begun);
    }

    [Fact]
    public async Task While_the_next_is_computed_the_old_answer_may_be_given_for_a_while_longer()
    {
        var shared = Create(whileComputing: TimeSpan.FromSeconds(1));
        Assert.Equal(1, await FirstAsync(shared));

        _time.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Equal(1, await shared.GetAsync(default));
        _time.Advance(TimeSpan.FromSeconds(0.5));
        var late = shared.GetAsync(default);
        Assert.False(late.IsCompleted);
        await EndAsync(2);
        Assert.Equal((2, 2, 2), (await late, await shared.GetAsync(default), _begun));
    }

    [Fact]
    public async Task A_failure_is_never_given_for_longer()
    {
        var shared = Create(whileComputing: TimeSpan.FromMinutes(1));
        var first = shared.GetAsync(default);
        (await NextAsync()).SetException(new InvalidOperationException("no answer"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => first);

        _time.Advance(TimeSpan.FromSeconds(1));
        var next = shared.GetAsync(default);
        await EndAsync(2);
        Assert.Equal(2, await next);
    }

    private Shared<int> Create(TimeSpan whileComputing) => new(
        _ =>
        {
            var computation = new TaskCompletionSource<int>();
            lock (_computations)
            {
                _begun++;
                _computations.Enqueue(computation);
            }

            return computation.Task;
        },
        validFor: TimeSpan.FromSeconds(1), timeout: TimeSpan.FromMinutes(10), _time, whileComputing);

    private async Task<int> FirstAsync(Shared<int> shared)
    {
        var first = shared.GetAsync(default);
        await EndAsync(1);
        return await first;
    }

    private async Task EndAsync(int value) => (await NextAsync()).SetResult(value);

    private async Task<TaskCompletionSource<int>> NextAsync()
    {
        while (true)
        {
            lock (_computations)
            {
                if (_computations.TryDequeue(out var computation))
                    return computation;
            }

            await Task.Yield();
        }
    }
}
