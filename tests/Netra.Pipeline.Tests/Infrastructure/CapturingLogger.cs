using Microsoft.Extensions.Logging;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>Hands every line to the provider that made it. Every level is enabled; scopes are ignored.</summary>
internal sealed class CapturingLogger(CapturingLoggerProvider provider, string category) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in state as IEnumerable<KeyValuePair<string, object?>> ?? [])
        {
            values[name] = value;
        }

        provider.Add(new CapturedLog(logLevel, eventId, category, formatter(state, exception), values, exception));
    }
}
