using EventStore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace EventStore.Schema;

/// <summary>
/// Applies the schema before any other hosted service starts, and waits for Postgres as long as it is away. What does not pass by
/// itself (a wrong password, a missing database) ends the start with the database's own words.
/// </summary>
internal sealed class SchemaStartup(
    EventStoreSchema schema, StoreAvailability availability, IOptions<EventStoreOptions> options, TimeProvider time) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        while (!await TryApplyAsync(cancellationToken))
            await Task.Delay(options.Value.MaxRetryDelay, time, cancellationToken);
        availability.Succeeded();
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<bool> TryApplyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await schema.ApplyAsync(cancellationToken);
            return true;
        }
        catch (Exception e) when (TransientErrors.IsTransient(e) && !cancellationToken.IsCancellationRequested)
        {
            availability.Failed(e);
            return false;
        }
    }
}
