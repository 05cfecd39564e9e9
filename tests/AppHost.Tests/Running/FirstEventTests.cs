using System.Net;
using AppHost.Processes;
using AppHost.Running;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace AppHost.Tests.Running;

public sealed class FirstEventTests
{
    [Fact]
    public async Task A_first_event_that_does_not_come_is_not_waited_for_without_end()
    {
        var address = $"http://127.0.0.1:{FreePort.Any()}";
        using var api = new HttpListener { Prefixes = { $"{address}/" } };
        api.Start();
        var time = new FakeTimeProvider();
        var seen = FirstEvent.OfUserAsync(address, time.GetUtcNow(), time, TestContext.Current.CancellationToken);
        await api.GetContextAsync(); // a feed that says nothing

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(seen.IsCompleted);
        time.Advance(TimeSpan.FromMinutes(2));
        await Eventually.Async(() => seen.IsCompleted, TimeSpan.FromSeconds(30), "it is waited for no longer");
        Assert.Null(await seen);
    }
}
