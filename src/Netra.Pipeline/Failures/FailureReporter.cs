using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Telemetry;

namespace Netra.Pipeline.Failures;

/// <summary>
/// The one funnel through which every failure is told: one log line, one count by code, one entry in the feed, and one <c>error</c> message to
/// the live connections of the user whom it concerns. Reporting never throws, and one step that fails does not keep the others from
/// happening. Safe for any number of threads; not to be called under a lock, since loggers and collectors are foreign code.
/// </summary>
public sealed partial class FailureReporter
{
    // Enough to be understood; an exception's text of megabytes must not go through the control lane of every device.
    private const int MaxShownChars = 2000;

    private readonly ILogger _logger;
    private readonly Counter<long> _failures;
    private readonly FailureFeed _feed;
    private readonly Action<string, byte[]> _tell;
    private readonly TimeProvider _time;
    private ImmutableArray<Action<Failure>> _subscribers = [];

    /// <summary>The funnel of one pipeline.</summary>
    public FailureReporter(
        ILogger<FailureReporter> logger, IMeterFactory meters, FailureFeed feed, ConnectionRegistry connections, TimeProvider time)
        : this(logger, meters, feed, connections.SendToUser, time)
    {
    }

    internal FailureReporter(
        ILogger logger, IMeterFactory meters, FailureFeed feed, Action<string, byte[]> tell, TimeProvider time)
    {
        _logger = logger;
        _feed = feed;
        _tell = tell;
        _time = time;
        _failures = meters.Create(PipelineMeter.Name).CreateCounter<long>("netra.failures", "{failure}", "Failures by code (error.type).");
    }

    /// <summary>Adds somebody who is told each failure, for as long as the reporter lives. What it throws is logged.</summary>
    internal void Subscribe(Action<Failure> subscriber) => ImmutableInterlocked.Update(ref _subscribers, static (all, added) => all.Add(added), subscriber);

    /// <summary>Reports an exception. The same object is reported once, however often it comes here on its way up.</summary>
    public void Report(PipelineException exception)
    {
        if (exception.TryMarkReported())
        {
            Report(Failure.From(exception));
        }
    }

    /// <summary>Reports a failure.</summary>
    public void Report(Failure failure)
    {
        var info = FailureCodes.Describe(failure.Code);
        var timed = failure.Time == default ? failure with { Time = _time.GetUtcNow() } : failure;

        Attempt("logging", timed, info, static (reporter, failure, info) => reporter.LogFailure(failure, info));
        Attempt("counting", timed, info, static (reporter, _, info) => reporter.Count(info));
        foreach (var subscriber in _subscribers)
        {
            Attempt("observing", timed, info, (_, failure, _) => subscriber(failure));
        }

        Attempt("feeding", timed, info, static (reporter, failure, _) => reporter._feed.Add(failure));
        if (info.ShowToUser && timed.UserId is not null)
        {
            Attempt("telling", timed, info, static (reporter, failure, info) => reporter.Tell(failure.UserId!, failure, info));
        }
    }

    private void LogFailure(Failure failure, FailureCodeInfo info)
    {
        var level = info.Severity == FailureSeverity.Critical ? LogLevel.Critical : LogLevel.Error;
        var numbers = string.Join(", ", failure.Numbers.Select(number => $"{number.Key}={number.Value}"));
        if (info.LogPrefix is null)
        {
            Log.Reported(
                _logger, level, info.WireName, failure.Operation, failure.Message, failure.UserId, failure.ThreadId, failure.RunId,
                failure.ConnectionId, failure.MessageId, numbers, failure.Exception);
        }
        else
        {
            Log.PrefixedReported(
                _logger, level, info.LogPrefix, info.WireName, failure.Operation, failure.Message, failure.UserId, failure.ThreadId,
                failure.RunId, failure.ConnectionId, failure.MessageId, numbers, failure.Exception);
        }
    }

    private void Count(FailureCodeInfo info) => _failures.Add(1, new KeyValuePair<string, object?>("error.type", info.WireName));

    private void Tell(string userId, Failure failure, FailureCodeInfo info) => _tell(userId, ServerMessageWriter.Error(new ErrorMessage(
        info.WireName,
        failure.Message.Length <= MaxShownChars ? failure.Message : failure.Message[..MaxShownChars] + "…",
        info.Severity == FailureSeverity.Critical ? "critical" : "error",
        (failure.Time - DateTimeOffset.UnixEpoch).TotalSeconds,
        failure.ThreadId,
        failure.RunId,
        failure.MessageId,
        failure.Numbers)));

    private void Attempt(
        string step, Failure failure, FailureCodeInfo info, Action<FailureReporter, Failure, FailureCodeInfo> action)
    {
        try
        {
            action(this, failure, info);
        }
        catch (Exception e)
        {
            try
            {
                Log.ReportingFailed(_logger, step, info.WireName, failure.Operation, e);
            }
            catch (Exception)
            {
                // The log itself has failed: the counter and the feed still tell, and the caller has a failure of its own to deal with.
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = EventIds.FailureReported,
            Message = "{Code} in {Operation}: {Reason} [user {UserId}, thread {ThreadId}, run {RunId}, connection {ConnectionId}, " +
                "message {MessageId}, numbers {Numbers}]",
            EventName = nameof(EventIds.FailureReported))]
        public static partial void Reported(
            ILogger logger, LogLevel level, string code, string operation, string reason, string? userId, string? threadId, string? runId,
            string? connectionId, string? messageId, string numbers, Exception? exception);

        [LoggerMessage(
            EventId = EventIds.PrefixedFailureReported,
            Message = "{Prefix} {Code} in {Operation}: {Reason} [user {UserId}, thread {ThreadId}, run {RunId}, connection {ConnectionId}, " +
                "message {MessageId}, numbers {Numbers}]",
            EventName = nameof(EventIds.PrefixedFailureReported))]
        public static partial void PrefixedReported(
            ILogger logger, LogLevel level, string prefix, string code, string operation, string reason, string? userId, string? threadId,
            string? runId, string? connectionId, string? messageId, string numbers, Exception? exception);

        [LoggerMessage(
            EventIds.FailureReportingFailed,
            LogLevel.Critical,
            "The step '{Step}' of reporting {Code} in {Operation} failed",
            EventName = nameof(EventIds.FailureReportingFailed))]
        public static partial void ReportingFailed(ILogger logger, string step, string code, string operation, Exception exception);
    }
}
