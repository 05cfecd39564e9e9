using EventPlatform.AspNetCore.Cluster;
using EventPlatform.AspNetCore.Hosting;
using EventPlatform.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Api.Tests.Hosting;

public sealed class ClusterConnectionTests
{
    private readonly ClusterConnection _connection = new(NullLogger<ClusterConnection>.Instance, TimeProvider.System, Options.Create(new ApiOptions()));

    [Fact]
    public async Task Requests_are_refused_until_the_client_is_connected_and_while_no_silo_is()
    {
        Assert.Throws<ClusterUnavailableException>(_connection.ThrowIfAway);
        Assert.Null(_connection.Loss); // the client itself tries until it is connected

        await StartAsync();
        _connection.ThrowIfAway();

        _connection.GatewayCountChanged(0, 1);
        Assert.Throws<ClusterUnavailableException>(_connection.ThrowIfAway);
        Assert.NotNull(_connection.Loss);

        _connection.GatewayCountChanged(1, 0);
        _connection.ThrowIfAway();
        Assert.Null(_connection.Loss);
    }

    [Fact]
    public async Task An_answer_ends_the_loss_that_was_asked_about()
    {
        await StartAsync();
        _connection.GatewayCountChanged(1, 0); // the news of a new connection overtook that of the old one's end
        _connection.GatewayCountChanged(0, 1);

        _connection.Reached(_connection.Loss!.Value);

        _connection.ThrowIfAway();
    }

    [Fact]
    public async Task An_answer_does_not_end_a_loss_that_came_after_the_question()
    {
        await StartAsync();
        _connection.GatewayCountChanged(0, 1);
        var asked = _connection.Loss!.Value;
        _connection.GatewayCountChanged(1, 0);
        _connection.GatewayCountChanged(0, 1);

        _connection.Reached(asked);

        Assert.Throws<ClusterUnavailableException>(_connection.ThrowIfAway);
        Assert.NotEqual(asked, _connection.Loss);
    }

    private async Task StartAsync()
    {
        var lifecycle = new Lifecycle();
        ((ILifecycleParticipant<IClusterClientLifecycle>)_connection).Participate(lifecycle);
        await lifecycle.Observer!.OnStart(default);
    }

    private sealed class Lifecycle : IClusterClientLifecycle
    {
        public ILifecycleObserver? Observer { get; private set; }

        public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
        {
            Observer = observer;
            return new CancellationTokenSource();
        }
    }
}
