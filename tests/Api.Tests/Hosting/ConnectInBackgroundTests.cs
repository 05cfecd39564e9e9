using EventPlatform.AspNetCore.Cluster;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Api.Tests.Hosting;

public sealed class ConnectInBackgroundTests
{
    [Fact]
    public async Task An_attempt_that_fails_while_the_host_stops_does_not_fail_the_stop()
    {
        var client = new ClientThatIsAway();
        using var connecting = new ConnectInBackground(client, NullLogger<ConnectInBackground>.Instance);
        await connecting.StartAsync(CancellationToken.None);
        await client.Trying.Task.WaitAsync(ShopSystem.Deadline);
        await connecting.StopAsync(CancellationToken.None).WaitAsync(ShopSystem.Deadline);
        Assert.True(client.Stopped);
    }

    /// <summary>Tries until it is told to stop, and then says why it had not succeeded.</summary>
    private sealed class ClientThatIsAway : IHostedService
    {
        public TaskCompletionSource Trying { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Stopped { get; private set; }

        public async Task StartAsync(CancellationToken cancellationToken)
        {
            Trying.SetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new InvalidOperationException("no silo answers");
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            Stopped = true;
            return Task.CompletedTask;
        }
    }
}
