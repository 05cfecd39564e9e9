using System.Runtime.CompilerServices;
using EventStore.Projections.Running;

namespace EventStore.Tests.Projections;

public sealed class ReadAheadTests
{
    private readonly List<string> _seen = [];
    private readonly TaskCompletionSource _readSecond = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task The_next_page_is_read_while_one_is_taken_and_one_at_the_end_only_when_it_has_been()
    {
        await foreach (var page in Pages().OneAhead(p => p == "end", TestContext.Current.CancellationToken))
        {
            if (page == "first")
                await _readSecond.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken); // comes only if it is read meanwhile
            if (page == "end")
                await Task.Delay(100, TestContext.Current.CancellationToken); // long enough for a read that should not be under way
            Say($"took {page}");
        }

        Assert.Equal(["took first", "took end", "reads after the end", "took more"], _seen);

        async IAsyncEnumerable<string> Pages()
        {
            yield return "first";
            await Task.Yield();
            _readSecond.SetResult();
            yield return "end";
            Say("reads after the end");
            yield return "more";
        }
    }

    private void Say(string what)
    {
        lock (_seen)
            _seen.Add(what);
    }

    [Fact]
    public async Task Who_stops_taking_ends_the_read_that_is_under_way()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (var page in Pages().OneAhead(_ => false, TestContext.Current.CancellationToken))
                throw new InvalidOperationException(page);
        });
        Assert.Equal(["was ended"], _seen);

        async IAsyncEnumerable<string> Pages([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            yield return "first";
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            finally
            {
                _seen.Add("was ended");
            }
        }
    }

    [Fact]
    public async Task An_error_of_the_source_comes_after_the_pages_before_it()
    {
        var error = await Assert.ThrowsAsync<TimeoutException>(async () =>
        {
            await foreach (var page in Pages().OneAhead(_ => false, TestContext.Current.CancellationToken))
                _seen.Add(page);
        });
        Assert.Equal(("gone", "first"), (error.Message, Assert.Single(_seen)));

        static async IAsyncEnumerable<string> Pages()
        {
            yield return "first";
            await Task.Yield();
            throw new TimeoutException("gone");
        }
    }
}
