using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Agents;

/// <summary>How exceptions of agents and tools are reported, and shown in events. Pure but for the reports; safe from any thread.</summary>
internal static class RunFailures
{
    // An exception's text can be of any length, and the event that shows a failure must never fail for its size.
    private const int MaxMessageLength = 2_000;

    /// <summary>
    /// Reports once: an exception of the pipeline has been reported where it was raised or is now, under its own code, and any other is the
    /// failure of the agent or tool under <paramref name="code"/>.
    /// </summary>
    public static void Report(this FailureReporter failures, Exception exception, FailureCode code, FailureScope scope, string who)
    {
        switch (exception)
        {
            case PipelineException known:
                failures.Report(known);
                break;
            case AggregateException several:
                foreach (var one in several.InnerExceptions)
                {
                    failures.Report(one, code, scope, who);
                }

                break;
            default:
                var message = $"{scope.Operation} failed: {who} raised {exception.GetType().Name}: {Shorten(exception.Message)}";
                failures.Report(Failure.In(code, scope, message) with { Exception = exception });
                break;
        }
    }

    /// <summary>An exception as the event that ends a run or a tool call shows it.</summary>
    public static EventError ToError(Exception exception, FailureCode code)
    {
        var first = exception is AggregateException { InnerExceptions: [var inner, ..] } ? inner : exception;
        return new EventError(FailureCodes.WireName(first is PipelineException known ? known.Code : code), Shorten(exception.Message));
    }

    /// <summary>Both exceptions, when there are two: the second must not hide the first.</summary>
    public static Exception Join(Exception? first, Exception second) => first is null ? second : new AggregateException(first, second);

    /// <summary>Whether the event was numbered although its emission raised.</summary>
    public static bool WasAccepted(Exception exception) =>
        exception is SendFailureException { Accepted: true } or BufferOverflowException { Accepted: true };

    private static string Shorten(string message) =>
        message.Length <= MaxMessageLength ? message : string.Concat(message.AsSpan(0, MaxMessageLength - 1), "…");
}
