namespace EventPlatform.AspNetCore.Silos;

/// <summary>
/// Lets a few errors of a log's category through, then none for a while. Orleans' agents say each delivery that fails, with its stack, although it is made again: three minutes without
/// the database were 650 MB of log.
/// </summary>
internal sealed class FewErrors(TimeProvider time)
{
    /// <summary>How often it is asked before it says no; a message asks twice or more, once for each provider that writes it.</summary>
    internal const int Most = 20;

    internal static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private long? _since;
    private int _asked;

    /// <summary>Has the agents of the named stream providers heard so.</summary>
    public static void OfAgents(IServiceCollection services, params string[] providers) => services.Configure<LoggerFilterOptions>(options =>
    {
        // A category's name begins with its rule's: the agents' own are these, and "Orleans.Streams.Kafka.NAME" is ours, which has a longer rule in appsettings.json.
        foreach (var provider in providers)
        {
            var few = new FewErrors(TimeProvider.System);
            options.Rules.Add(new LoggerFilterRule(null, $"Orleans.Streams.{provider}", null, (_, _, level) => few.LetsThrough(level)));
        }
    });

    internal bool LetsThrough(LogLevel level)
    {
        if (level != LogLevel.Error)
            return level > LogLevel.Error;
        lock (_lock)
        {
            if (_since is not { } since || time.GetElapsedTime(since) >= Every)
                (_since, _asked) = (time.GetTimestamp(), 0);
            return ++_asked <= Most;
        }
    }
}
