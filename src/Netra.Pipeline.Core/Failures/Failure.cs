using System.Collections.ObjectModel;

namespace Netra.Pipeline.Failures;

/// <summary>Something that failed, as user, operator and log are told of it. Not every failure is raised: some have no caller.</summary>
/// <param name="Code">Which failure it is.</param>
/// <param name="Operation">What was being done: a name from a bounded set, fit for grouping.</param>
/// <param name="Message">
/// What happened, naming values and limits. It is shown to the user whom the failure concerns, unless the code says otherwise,
/// so it must not speak of other users.
/// </param>
public sealed record Failure(FailureCode Code, string Operation, string Message)
{
    /// <summary>The user it concerns, who is told; <see langword="null"/> when it concerns none.</summary>
    public string? UserId { get; init; }

    /// <summary>The tenant of the user, where the user has one.</summary>
    public string? TenantId { get; init; }

    /// <summary>The key of the user it concerns: both in one.</summary>
    internal string? UserKey
    {
        get => UserId is null ? null : Tenants.UserKey.Of(TenantId ?? string.Empty, UserId);
        init => (TenantId, UserId) = value is null ? (null, null) : (Tenants.UserKey.TenantOrNull(value), Tenants.UserKey.UserOf(value));
    }

    /// <summary>The thread it concerns, if one.</summary>
    public string? ThreadId { get; init; }

    /// <summary>The run it concerns, if one.</summary>
    public string? RunId { get; init; }

    /// <summary>The connection it concerns, if one.</summary>
    public string? ConnectionId { get; init; }

    /// <summary>The client message that it answers, if one.</summary>
    public string? MessageId { get; init; }

    /// <summary>How many failures it stands for, from 1. Default: 1.</summary>
    public long Count { get; init; } = 1;

    /// <summary>The type of the event that was refused, as it goes over the wire, if that is known.</summary>
    public string? EventType { get; init; }

    /// <summary>The tool that the refused event was of, if it is known.</summary>
    public string? ToolName { get; init; }

    /// <summary>The call that the refused event was of, if it is known.</summary>
    public string? CallId { get; init; }

    /// <summary>Whether the user is not told although users are told of the code: it is the publisher's affair.</summary>
    internal bool IsPublishersOwn { get; init; }

    /// <summary>What was raised, if anything. Only the log gets it.</summary>
    public Exception? Exception { get; init; }

    /// <summary>The numbers of the case by snake_case name. Default: none.</summary>
    public IReadOnlyDictionary<string, long> Numbers { get; init; } = ReadOnlyDictionary<string, long>.Empty;

    /// <summary>When it happened. Default: when it is reported.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>The failure that an exception is.</summary>
    public static Failure From(PipelineException exception) => new(exception.Code, exception.Operation, exception.Message)
    {
        UserKey = exception.UserKey,
        ThreadId = exception.ThreadId,
        RunId = exception.RunId,
        ConnectionId = (exception as ConnectionLostException)?.ConnectionId,
        EventType = exception.Event.Type,
        ToolName = exception.Event.ToolName,
        CallId = exception.Event.CallId,
        Exception = exception,
        Numbers = exception.Numbers,
    };

    /// <summary>A failure in a scope.</summary>
    /// <param name="code">Which failure it is.</param>
    /// <param name="scope">What was being done, and for whom.</param>
    /// <param name="message">What happened; see <see cref="Message"/>.</param>
    public static Failure In(FailureCode code, FailureScope scope, string message) => new(code, scope.Operation, message)
    {
        UserKey = scope.UserId,
        ThreadId = scope.ThreadId,
        RunId = scope.RunId,
    };

    /// <summary>This one and those before it as one: the words of the latest, and of whom and what only that in which all agree.</summary>
    /// <param name="earlier">Those before it; null for none.</param>
    internal Failure After(Failure? earlier) => earlier is null ? this : this with
    {
        Count = earlier.Count + Count,
        IsPublishersOwn = earlier.IsPublishersOwn && IsPublishersOwn,
        UserKey = Common(earlier.UserKey, UserKey),
        ThreadId = Common(earlier.ThreadId, ThreadId),
        RunId = Common(earlier.RunId, RunId),
        ConnectionId = Common(earlier.ConnectionId, ConnectionId),
        MessageId = Common(earlier.MessageId, MessageId),
        EventType = Common(earlier.EventType, EventType),
        ToolName = Common(earlier.ToolName, ToolName),
        CallId = Common(earlier.CallId, CallId),
    };

    private static string? Common(string? one, string? other) => one == other ? other : null;
}
