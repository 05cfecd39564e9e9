using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Architecture.Tests.Observability;

/// <summary>What a silo says by its settings as they are shipped.</summary>
public sealed class LogLevelTests
{
    [Theory]
    [InlineData("kafka")]
    [InlineData("kafka-jobs")]
    public void Our_warning_of_a_failed_delivery_is_heard_and_Orleans_says_only_the_first_and_as_errors(string provider)
    {
        using var services = Services();
        var loggers = services.GetRequiredService<ILoggerFactory>();

        Assert.True(loggers.CreateLogger($"Orleans.Streams.Kafka.{provider}").IsEnabled(LogLevel.Warning));
        var agents = loggers.CreateLogger($"Orleans.Streams.{provider}");
        Assert.False(agents.IsEnabled(LogLevel.Warning));
        Assert.True(agents.IsEnabled(LogLevel.Error));
        Assert.InRange(Enumerable.Range(0, 1000).Count(_ => agents.IsEnabled(LogLevel.Error)), 5, 50);
        Assert.True(agents.IsEnabled(LogLevel.Critical));
    }

    private static ServiceProvider Services()
    {
        var settings = new ConfigurationBuilder().AddJsonFile(Repository.At("src/Silo/appsettings.json")).Build();
        var services = new ServiceCollection().AddLogging(logging => logging.AddConfiguration(settings.GetSection("Logging")).AddProvider(new AllEars()));
        EventPlatform.AspNetCore.Silos.FewErrors.OfAgents(services, "kafka", "kafka-jobs");
        return services.BuildServiceProvider();
    }

    /// <summary>Hears whatever the settings let through.</summary>
    private sealed class AllEars : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
        }

        public void Dispose()
        {
        }
    }
}
