using Microsoft.Extensions.Logging;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>One log line: its formatted text and its structured values.</summary>
internal sealed record CapturedLog(
    LogLevel Level,
    EventId EventId,
    string Category,
    string Message,
    IReadOnlyDictionary<string, object?> Values,
    Exception? Exception);
