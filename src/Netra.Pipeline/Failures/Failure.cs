using System.Collections.ObjectModel;

namespace Netra.Pipeline.Failures;

/// <summary>Something that failed, as it is told to everybody concerned. Not every failure is raised: some have no caller.</summary>
/// <param name="Code">Which failure it is.</param>
/// <param name="Operation">What was being done: a name from a bounded set, fit for grouping.</param>
/// <param name="Message">
/// What happened, naming values and limits. It is shown to the user whom the failure concerns, unless the code says otherwise, so it must not
/// speak of other users.
/// </param>
public sealed record Failure(FailureCode Code, string Operation, string Message)
{
    /// <summary>The user it concerns, who is told; <see langword="null"/> when it concerns none.</summary>
    public string? UserId { get; init; }

    /// <summary>The thread it concerns, if one.</summary>
    public string? ThreadId { get; init; }

    /// <summary>The run it concerns, if one.</summary>
    public string? RunId { get; init; }

    /// <summary>The connection it concerns, if one.</summary>
    public string? ConnectionId { get; init; }

    /// <summary>The client message that it answers, if one.</summary>
    public string? MessageId { get; init; }

    /// <summary>What was raised, if anything. Only the log gets it.</summary>
    public Exception? Exception { get; init; }

    /// <summary>The numbers of the case by snake_case name. Default: none.</summary>
    public IReadOnlyDictionary<string, long> Numbers { get; init; } = ReadOnlyDictionary<string, long>.Empty;

    /// <summary>When it happened. Default: when it is reported.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>The failure that an exception is.</summary>
    public static Failure From(PipelineException exception) => new(exception.Code, exception.Operation, exception.Message)
    {
        UserId = exception.UserId,
        ThreadId = exception.ThreadId,
        RunId = exception.RunId,
        ConnectionId = (exception as ConnectionLostException)?.ConnectionId,
        Exception = exception,
        Numbers = exception.Numbers,
    };

    /// <summary>A failure in a scope.</summary>
    /// <param name="code">Which failure it is.</param>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="message">What happened; see <see cref="Message"/>.</param>
    public static Failure In(FailureCode code, FailureScope scope, string message) => new(code, scope.Operation, message)
    {
        UserId = scope.UserId,
        ThreadId = scope.ThreadId,
        RunId = scope.RunId,
    };
}
