using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EventStore.Hosting;

/// <summary>
/// The connections of the store. The store's own statements are short, so the server limits them; Marten's rebuilds and schema
/// changes may run for long, so only their idle transactions are limited.
/// </summary>
internal sealed class StoreDataSources : IAsyncDisposable, IDisposable
{
    public StoreDataSources(IOptions<EventStoreOptions> options, ILoggerFactory loggers)
    {
        var o = options.Value;
        Schema = o.Schema;
        Store = Create(o, loggers, "event store", $"-c statement_timeout={(long)o.StatementTimeout.TotalMilliseconds}", o.StatementTimeout);
        Marten = Create(o, loggers, "marten", "", null);
    }

    /// <summary>The validated schema name: safe inside SQL text.</summary>
    public string Schema { get; }

    /// <summary>For the group commit and the store's reads.</summary>
    public NpgsqlDataSource Store { get; }

    /// <summary>For Marten, and for schema changes.</summary>
    public NpgsqlDataSource Marten { get; }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await Marten.DisposeAsync();
    }

    // Marten's own container registrations may dispose services synchronously; both must work.
    public void Dispose()
    {
        Store.Dispose();
        Marten.Dispose();
    }

    private static NpgsqlDataSource Create(
        EventStoreOptions o, ILoggerFactory loggers, string purpose, string serverOptions, TimeSpan? statementTimeout)
    {
        var text = new NpgsqlConnectionStringBuilder(o.ConnectionString);
        text.ApplicationName ??= $"{AppDomain.CurrentDomain.FriendlyName} {purpose}";
        // Given options come last: on the server the last setting wins.
        text.Options = $"-c idle_in_transaction_session_timeout={(long)o.IdleInTransactionTimeout.TotalMilliseconds} {serverOptions} {text.Options}";
        if (!o.ConnectionString.Contains("timeout", StringComparison.OrdinalIgnoreCase))
            text.Timeout = 5; // seconds to connect: an outage must be noticed soon
        // Nothing but plans is left in a session of the store's own, and those are a fifth of the time of a small batch. Marten's may listen.
        text.NoResetOnClose = statementTimeout is not null;
        if (statementTimeout is { } limit)
            text.CommandTimeout = (int)limit.TotalSeconds + 5; // the server gives up first; ours is for a server that hangs
        return new NpgsqlDataSourceBuilder(text.ConnectionString).UseLoggerFactory(loggers).Build();
    }
}
