using System.Net.Sockets;
using EventStore.Hosting;
using Npgsql;

namespace EventStore.Tests.Hosting;

public sealed class TransientErrorsTests
{
    private static PostgresException Postgres(string state) => new("text that must not matter", "ERROR", "ERROR", state);

    [Theory]
    [InlineData("57P01")] // an administrator ended the connection
    [InlineData("57P03")] // starting up
    [InlineData("57014")] // statement timeout
    [InlineData("53100")] // disk full
    [InlineData("53300")] // too many connections
    [InlineData("08006")] // connection failure
    [InlineData("40001")]
    [InlineData("40P01")]
    [InlineData("58030")] // I/O error
    [InlineData("25006")] // read-only: a failover
    [InlineData("25P03")] // idle in transaction
    public void What_passes_by_itself_is_transient_and_no_fault_of_the_content(string state)
    {
        Assert.True(TransientErrors.IsTransient(Postgres(state)));
        Assert.True(TransientErrors.IsTransient(new InvalidOperationException("wrapped", Postgres(state))));
        Assert.False(TransientErrors.IsContent(Postgres(state)));
    }

    [Theory]
    [InlineData("22P05")] // a character that cannot be stored
    [InlineData("22003")] // a number out of range
    [InlineData("23502")] // null where none may be
    [InlineData("54000")] // a limit of the program
    public void What_the_database_refuses_is_content(string state)
    {
        Assert.True(TransientErrors.IsContent(Postgres(state)));
        Assert.False(TransientErrors.IsTransient(Postgres(state)));
    }

    [Theory]
    [InlineData("28P01")] // wrong password
    [InlineData("3D000")] // no such database
    [InlineData("42P01")] // no such table
    [InlineData("42501")] // no permission
    public void What_an_operator_must_mend_is_neither(string state)
    {
        Assert.False(TransientErrors.IsTransient(Postgres(state)));
        Assert.False(TransientErrors.IsContent(Postgres(state)));
    }

    [Fact]
    public void A_broken_connection_is_transient_and_a_callers_own_cancellation_is_not()
    {
        Assert.True(TransientErrors.IsTransient(new NpgsqlException("x", new SocketException(111))));
        Assert.True(TransientErrors.IsTransient(new NpgsqlException("x", new TimeoutException())));
        Assert.False(TransientErrors.IsTransient(new OperationCanceledException("x", Postgres("57014"))));
        Assert.False(TransientErrors.IsTransient(new InvalidOperationException()));
    }
}
