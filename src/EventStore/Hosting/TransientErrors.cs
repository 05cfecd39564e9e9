using System.Net.Sockets;
using Npgsql;

namespace EventStore.Hosting;

/// <summary>The one place that tells an outage from a fault, by type and SQLSTATE, never by text.</summary>
public static class TransientErrors
{
    /// <summary>True for an error that passes by itself: the database is away, restarting, full or busy. Trying again is right.</summary>
    public static bool IsTransient(Exception? error) => error switch
    {
        null or OperationCanceledException => false, // the caller gave up; the driver wraps the server's answer to that
        Appending.StoreUnavailableException => true,
        PostgresException postgres => IsTransient(postgres.SqlState),
        NpgsqlException npgsql => npgsql.IsTransient || IsTransient(npgsql.InnerException),
        SocketException or IOException or TimeoutException => true,
        AggregateException many => many.InnerExceptions.All(IsTransient),
        // Marten wraps what the database said.
        _ => IsTransient(error.InnerException),
    };

    /// <summary>True when the database refuses what a statement holds, so that sending the same again cannot help.</summary>
    internal static bool IsContent(Exception error) => error is PostgresException { SqlState: var state }
        && (IsClass(state, "22") || IsClass(state, "23") || IsClass(state, "54"));

    /// <summary>True when another transaction was faster: looking again shows what it did.</summary>
    internal static bool IsRace(Exception error) => error is PostgresException
    {
        SqlState: PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ForeignKeyViolation
            or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected,
    };

    private static bool IsTransient(string state) =>
        IsClass(state, "08") // the connection broke
        || IsClass(state, "53") // disk full, out of memory, too many connections
        || IsClass(state, "57") // shut down, restarting, cancelled by a timeout
        || IsClass(state, "58") // the operating system failed beneath it
        || state is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected
            or PostgresErrorCodes.LockNotAvailable
            or PostgresErrorCodes.ReadOnlySqlTransaction // a former primary, during a failover
            or "25P03"; // idle_in_transaction_session_timeout: this process was stopped for a while

    private static bool IsClass(string state, string prefix) => state.StartsWith(prefix, StringComparison.Ordinal);
}
