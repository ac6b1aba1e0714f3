using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>Counts the host's log lines at CRITICAL, from any source. Safe from any thread; the count's tick is the monitor's.</summary>
[ProviderAlias("NetraCriticalLogs")]
internal sealed class CriticalLogs : ILoggerProvider, ILogger
{
    public SlidingCount Count { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Critical;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel == LogLevel.Critical)
        {
            Count.Add();
        }
    }

    public void Dispose()
    {
        // There is nothing to dispose of.
    }
}
