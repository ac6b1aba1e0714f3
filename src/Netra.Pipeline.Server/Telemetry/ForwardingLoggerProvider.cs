using Microsoft.Extensions.Logging.Abstractions;

namespace Netra.Pipeline.Server.Telemetry;

/// <summary>
/// Hands the host's log lines, filtered already, to the SDK's own loggers, all but those about failing exports: each of them would be
/// exported, and fail. Safe from any thread.
/// </summary>
internal sealed class ForwardingLoggerProvider(ILoggerFactory exporting) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName)
        => categoryName == ExportFailures.Category ? NullLogger.Instance : exporting.CreateLogger(categoryName);

    public void Dispose()
    {
        // The SDK's factory is the SDK's.
    }
}
