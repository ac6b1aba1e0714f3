using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Server.Telemetry;

/// <summary>
/// Hears what the SDK says only to event sources: that exports fail, or that telemetry is dropped. Each is counted, and
/// a WARNING line tells of them, at most one a minute; the line itself is never exported. Called on the SDK's threads,
/// also while the listener is being made.
/// </summary>
internal sealed partial class ExportFailures : EventListener
{
    /// <summary>The category of its log lines.</summary>
    public const string Category = "Netra.Pipeline.Server.Telemetry.ExportFailures";

    private const string SourcePrefix = "OpenTelemetry-";
    private const int MaxReasonChars = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly ILogger? _logger;
    private readonly TimeProvider? _time;
    private readonly Counter<long>? _failures;
    private long _toldAt;
    private long _untold;

    public ExportFailures(ILoggerFactory loggers, IMeterFactory meters, TimeProvider time)
    {
        _failures = meters.Create(PipelineMeter.Name).CreateCounter<long>(
            "netra.telemetry.export_failures", "{failure}", "Failures of exporting telemetry, by what the SDK calls them (error.type).");
        _time = time;
        _logger = loggers.CreateLogger(Category);
    }

    /// <inheritdoc/>
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name.StartsWith(SourcePrefix, StringComparison.Ordinal))
        {
            EnableEvents(eventSource, EventLevel.Warning);
        }
    }

    /// <inheritdoc/>
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        // The base constructor subscribes before ours has run; what comes that early comes again.
        if (_logger is null || _time is null || eventData.EventSource?.Name.StartsWith(SourcePrefix, StringComparison.Ordinal) != true)
        {
            return;
        }

        _failures?.Add(1, new KeyValuePair<string, object?>("error.type", eventData.EventName));
        if (TryTakeTurn(_time.GetTimestamp(), out var more))
        {
            Log.Failed(_logger, eventData.EventName, eventData.EventSource.Name, Describe(eventData), more);
        }
    }

    private bool TryTakeTurn(long now, out long untold)
    {
        lock (_gate)
        {
            untold = _untold;
            if (_toldAt != 0 && _time!.GetElapsedTime(_toldAt, now) < Pause)
            {
                _untold++;
                return false;
            }

            (_toldAt, _untold) = (now, 0);
            return true;
        }
    }

    // Exceptions come with their stack traces, whose first line says enough.
    private static string Describe(EventWrittenEventArgs eventData)
    {
        var first = Format(eventData).Split('\n')[0];
        return first.Length <= MaxReasonChars ? first : string.Concat(first.AsSpan(0, MaxReasonChars), "…");
    }

    private static string Format(EventWrittenEventArgs eventData)
    {
        object?[] payload = [.. eventData.Payload ?? []];
        try
        {
            return eventData.Message is { } message
                ? string.Format(System.Globalization.CultureInfo.InvariantCulture, message, payload)
                : string.Join(", ", payload);
        }
        catch (FormatException)
        {
            // The message and its values do not fit together; the values say enough.
            return string.Join(", ", payload);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            ServerEventIds.ExportFailed,
            LogLevel.Warning,
            "Telemetry could not be exported: {Failure} of {Source}: {Reason}. {Untold} failures more since the last such line; "
            + "there is at most one a minute",
            EventName = nameof(ServerEventIds.ExportFailed))]
        public static partial void Failed(ILogger logger, string? failure, string? source, string reason, long untold);
    }
}
