using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace EventPlatform.Tests;

/// <summary>Keeps what was logged, by event id: what a test waits for when nothing else shows it.</summary>
public sealed class LogCapture : ILoggerProvider
{
    private readonly ConcurrentQueue<(int Id, string Message)> _lines = [];

    public IEnumerable<string> Of(int eventId) => _lines.Where(l => l.Id == eventId).Select(l => l.Message);

    public ILogger CreateLogger(string categoryName) => new Logger(_lines);

    public void Dispose()
    {
    }

    private sealed class Logger(ConcurrentQueue<(int Id, string Message)> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue((eventId.Id, formatter(state, exception)));
    }
}
