using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EventStore.Hosting;

/// <summary>Finds every mistake in the options at once, so that one start shows them all.</summary>
internal sealed partial class EventStoreOptionsValidator : IValidateOptions<EventStoreOptions>
{
    public ValidateOptionsResult Validate(string? name, EventStoreOptions options)
    {
        var errors = Errors(options).Select(error => $"EventStore:{error}").ToArray();
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static IEnumerable<string> Errors(EventStoreOptions o)
    {
        if (ConnectionStringError(o.ConnectionString) is { } error)
            yield return $"{nameof(o.ConnectionString)} {error}";
        if (!SchemaName().IsMatch(o.Schema))
            yield return $"{nameof(o.Schema)} is '{o.Schema}': it must be 1 to 40 lower-case letters, digits and underscores, and begin with a letter.";
        if (o.MaxBatchAppends is < 1 or > 50_000)
            yield return $"{nameof(o.MaxBatchAppends)} is {o.MaxBatchAppends}: it must lie between 1 and 50,000.";
        if (o.MaxBatchBytes is < 1024 or > 256 * 1024 * 1024)
            yield return $"{nameof(o.MaxBatchBytes)} is {o.MaxBatchBytes}: it must lie between 1 KiB and 256 MiB.";
        if (o.MaxQueuedAppends < 1)
            yield return $"{nameof(o.MaxQueuedAppends)} is {o.MaxQueuedAppends}: it must be at least 1.";
        if (o.MaxBatchLoads is < 1 or > 10_000)
            yield return $"{nameof(o.MaxBatchLoads)} is {o.MaxBatchLoads}: it must lie between 1 and 10,000.";
        if (OutOfRange(o.StatementTimeout, 1, 600))
            yield return $"{nameof(o.StatementTimeout)} is {o.StatementTimeout}: it must lie between 1 second and 10 minutes.";
        if (OutOfRange(o.IdleInTransactionTimeout, 1, 600))
            yield return $"{nameof(o.IdleInTransactionTimeout)} is {o.IdleInTransactionTimeout}: it must lie between 1 second and 10 minutes.";
        if (OutOfRange(o.MaxRetryDelay, 0.01, 60))
            yield return $"{nameof(o.MaxRetryDelay)} is {o.MaxRetryDelay}: it must lie between 10 milliseconds and 1 minute.";
    }

    private static string? ConnectionStringError(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return "is empty: give an Npgsql connection string, for example 'Host=localhost;Database=shop;Username=shop'.";
        try
        {
            return string.IsNullOrEmpty(new NpgsqlConnectionStringBuilder(text).Host) ? "names no Host." : null;
        }
        catch (ArgumentException e)
        {
            return $"is not an Npgsql connection string: {e.Message}";
        }
    }

    private static bool OutOfRange(TimeSpan value, double minSeconds, double maxSeconds) =>
        value.TotalSeconds < minSeconds || value.TotalSeconds > maxSeconds;

    [GeneratedRegex("^[a-z][a-z0-9_]{0,39}$")]
    private static partial Regex SchemaName();
}
