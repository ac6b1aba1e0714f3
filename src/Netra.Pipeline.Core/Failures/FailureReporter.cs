using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Failures;

/// <summary>
/// The one funnel through which every failure is told. Each one is counted, and told to the subscribers. Log line, entry in the feed and
/// <c>error</c> message to the live connections of the user whom it concerns are
/// told by kind: the first failure of a user with a code at once, those after it together, at most once a second, with their number.
/// Reporting never throws, and one step that fails does not keep the others from
/// happening.
/// </summary>
/// <remarks>
/// Safe for any number of threads; not to be called under a lock, since loggers and collectors are foreign code. A loop calls <see
/// cref="TellDue"/>, and what is still held back at the end is told then.
/// </remarks>
public sealed partial class FailureReporter : IDisposable
{
    /// <summary>How many users' codes are told apart at a time; the others are told by code alone.</summary>
    internal const int MaxKinds = 1024;

    // Enough to be understood; an exception's text of megabytes must not be sent to every device.
    internal const int MaxShownChars = 2000;

    private readonly ILogger _logger;
    private readonly Counter<long> _failures;
    private readonly FailureFeed _feed;
    private readonly Action<string, ErrorMessage, long> _tell;
    private readonly TimeProvider _time;
    private readonly Coalescer<FailureGroup, Failure> _coalescer;
    private ImmutableArray<Action<Failure>> _subscribers = [];

    /// <summary>The funnel of one pipeline.</summary>
    public FailureReporter(
        ILogger<FailureReporter> logger, IMeterFactory meters, FailureFeed feed, FailureAudience audience, TimeProvider time)
        : this(logger, meters, feed, audience.TellUser, time)
    {
    }

    internal FailureReporter(
        ILogger logger, IMeterFactory meters, FailureFeed feed, Action<string, ErrorMessage, long> tell, TimeProvider time)
    {
        _logger = logger;
        _feed = feed;
        _tell = tell;
        _time = time;
        _coalescer = new Coalescer<FailureGroup, Failure>(time, MaxKinds, Hold, TellOperatorAndUser);
        _failures = meters.Create(PipelineMeter.Name).CreateCounter<long>("netra.failures", "{failure}", "Failures by code (error.type).");
    }

    /// <summary>Adds a subscriber to all failures, for as long as the reporter lives. What it throws is logged.</summary>
    internal void Subscribe(Action<Failure> subscriber)
        => ImmutableInterlocked.Update(ref _subscribers, static (all, added) => all.Add(added), subscriber);

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

        Attempt("counting", timed, info, static (reporter, failure, info) => reporter.Count(failure, info));
        foreach (var subscriber in _subscribers)
        {
            Attempt("observing", timed, info, (_, failure, _) => subscriber(failure));
        }

        if (!_coalescer.Add(FailureGroup.Of(timed), FailureGroup.RestOf(timed), timed))
        {
            // So many users at once that the operator is told by code: each of them is still told what they are missing. What waits for
            // one connection is bounded there.
            TellUser(timed, info);
        }
    }

    /// <summary>Tells what has been held back, where it is time. Called by a loop.</summary>
    internal void TellDue() => _coalescer.TellDue();

    /// <summary>Tells all that has been held back. Called at the end.</summary>
    internal void TellAll() => _coalescer.TellAll();

    /// <summary>Tells all that has been held back.</summary>
    public void Dispose() => TellAll();

    // Under the lock of the coalescer: the feed has one of its own, and calls nothing else.
    private Failure Hold(Failure? held, Failure failure)
    {
        var grown = failure.After(held);
        if (held is null)
        {
            _feed.Add(grown);
        }
        else
        {
            _feed.Replace(held, grown);
        }

        return grown;
    }

    private void TellOperatorAndUser(Failure failure, bool isOfOneKind)
    {
        var info = FailureCodes.Describe(failure.Code);
        Attempt("logging", failure, info, static (reporter, failure, info) => reporter.LogFailure(failure, info));
        if (isOfOneKind)
        {
            TellUser(failure, info);
        }
    }

    // What answers a client message is told by its answer.
    private void TellUser(Failure failure, FailureCodeInfo info)
    {
        if (info.ShowToUser && failure is { UserId: not null, MessageId: null, IsPublishersOwn: false } && !IsUnconfirmed(failure))
        {
            Attempt("telling", failure, info, static (reporter, failure, info) => reporter.Tell(failure.UserKey!, failure, info));
        }
    }

    // What has a number its user has, or gets. Whether it is stored is its publisher's to know.
    private static bool IsUnconfirmed(Failure failure)
        => failure is { Code: FailureCode.LogFailed, Numbers: { } numbers } && numbers.ContainsKey("seq");

    private void LogFailure(Failure failure, FailureCodeInfo info)
    {
        var level = info.Severity == FailureSeverity.Critical ? LogLevel.Critical : LogLevel.Error;
        if (!_logger.IsEnabled(level))
        {
            return;
        }

        var id = info.LogPrefix is null
            ? new EventId(EventIds.FailureReported, nameof(EventIds.FailureReported))
            : new EventId(EventIds.PrefixedFailureReported, nameof(EventIds.PrefixedFailureReported));
        _logger.Log(level, id, new FailureLogEntry(failure, info), CauseOf(failure), static (entry, _) => entry.ToString());
    }

    // The line says what an exception of ours says; where it was raised says something only of what is beneath it. What others have raised
    // is shown whole.
    private static Exception? CauseOf(Failure failure)
        => failure.Exception is PipelineException known ? known.InnerException : failure.Exception;

    private void Count(Failure failure, FailureCodeInfo info)
        => _failures.Add(failure.Count, new KeyValuePair<string, object?>("error.type", info.WireName));

    private void Tell(string userId, Failure failure, FailureCodeInfo info) => _tell(
        userId,
        new ErrorMessage(
            info.WireName,
            failure.Message.Length <= MaxShownChars ? failure.Message : failure.Message[..MaxShownChars] + "…",
            info.Severity == FailureSeverity.Critical ? "critical" : "error",
            (failure.Time - DateTimeOffset.UnixEpoch).TotalSeconds,
            failure.ThreadId,
            failure.RunId,
            Id: null,
            failure.Numbers)
        {
            EventType = failure.EventType,
            ToolName = failure.ToolName,
            CallId = failure.CallId,
        },
        failure.Count);

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
            EventIds.FailureReportingFailed,
            LogLevel.Critical,
            "The step '{Step}' of reporting {Code} in {Operation} failed",
            EventName = nameof(EventIds.FailureReportingFailed))]
        public static partial void ReportingFailed(ILogger logger, string step, string code, string operation, Exception exception);
    }
}

/// <summary>Which failures are told together: those of a user with one code; those without a user with one code, from one operation, since
/// its name says what has failed.</summary>
/// <param name="Code">The code.</param>
/// <param name="UserId">The user; null for none, and for the rest when there are too many.</param>
/// <param name="Operation">The operation, where there is no user.</param>
internal readonly record struct FailureGroup(FailureCode Code, string? UserId, string? Operation)
{
    public static FailureGroup Of(Failure failure) => new(failure.Code, failure.UserKey, failure.UserId is null ? failure.Operation : null);

    public static FailureGroup RestOf(Failure failure) => new(failure.Code, null, null);
}
