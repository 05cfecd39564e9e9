using System.Collections.Concurrent;
using EventStore.Aggregates;
using EventStore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EventStore.Tests;

public interface ITestEvent;

[EventName("counted")]
public sealed record Counted(int Value, string? Text = null) : ITestEvent;

[EventName("renamed")]
public sealed record Renamed(string Name) : ITestEvent;

/// <summary>A store on a fresh database, started as a host starts it.</summary>
public sealed class TestStore : IAsyncDisposable
{
    private readonly IHost _host;

    private TestStore(IHost host, string connectionString) => (_host, ConnectionString) = (host, connectionString);

    public string ConnectionString { get; }

    private static readonly SemaphoreSlim TemplateLock = new(1, 1);
    private static readonly ConcurrentDictionary<PostgresServer, string> Templates = new();

    /// <summary>A store on a fresh database. The schema is made once per server and copied: making it takes a second.</summary>
    public static async Task<TestStore> FreshAsync(
        PostgresServer postgres, Action<EventStoreOptions>? configure = null, Action<IServiceCollection>? services = null)
    {
        await TemplateLock.WaitAsync();
        try
        {
            if (!Templates.TryGetValue(postgres, out var template))
            {
                template = await postgres.NewDatabaseAsync();
                await (await StartAsync(template)).DisposeAsync();
                Templates[postgres] = template;
            }

            return await StartAsync(await postgres.NewDatabaseAsync(new NpgsqlConnectionStringBuilder(template).Database!), configure, services);
        }
        finally
        {
            TemplateLock.Release();
        }
    }

    public static async Task<TestStore> StartAsync(string connectionString, Action<EventStoreOptions>? configure = null, Action<IServiceCollection>? services = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddEventStore(o =>
        {
            o.ConnectionString = connectionString;
            configure?.Invoke(o);
        }).AddEventsOf(typeof(ITestEvent));
        services?.Invoke(builder.Services);
        var host = builder.Build();
        await host.StartAsync();
        return new TestStore(host, connectionString);
    }

    public T Get<T>() where T : notnull => _host.Services.GetRequiredService<T>();

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"set search_path = streaming; {sql}", connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        if (_host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }
}
