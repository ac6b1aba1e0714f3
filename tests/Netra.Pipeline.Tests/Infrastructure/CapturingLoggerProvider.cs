using Microsoft.Extensions.Logging;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>Keeps every log line. Safe for any number of threads.</summary>
internal sealed class CapturingLoggerProvider : ILoggerProvider
{
    private readonly Lock _lock = new();
    private readonly List<CapturedLog> _logs = [];

    /// <summary>All lines so far, oldest first.</summary>
    public IReadOnlyList<CapturedLog> Logs
    {
        get
        {
            lock (_lock)
            {
                return [.. _logs];
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => new CapturingLogger(this, categoryName);

    /// <summary>A logger for a class that asks for its own.</summary>
    public ILogger<T> CreateLogger<T>() => new Logger<T>(new LoggerFactory([this], new LoggerFilterOptions { MinLevel = LogLevel.Trace }));

    public void Dispose()
    {
    }

    internal void Add(CapturedLog log)
    {
        lock (_lock)
        {
            _logs.Add(log);
        }
    }
}
