using System.Collections.ObjectModel;

namespace Netra.Pipeline.Failures;

/// <summary>
/// The base of everything the pipeline raises. An exception says what was being done, for whom, which failure it is and the numbers of the
/// case. <see cref="FailureReporter"/> tells the user, the operator and the log of it, once, however often it is reported.
/// </summary>
public abstract class PipelineException : Exception
{
    private int _reported;

    private protected PipelineException(
        FailureCode code,
        FailureScope scope,
        string message,
        IReadOnlyDictionary<string, long>? numbers = null,
        Exception? innerException = null)
        : base(message, innerException)
    {
        if (string.IsNullOrEmpty(scope.Operation))
        {
            throw new ArgumentException("the operation is needed", nameof(scope));
        }

        Code = code;
        Operation = scope.Operation;
        UserKey = scope.UserId;
        ThreadId = scope.ThreadId;
        RunId = scope.RunId;
        Numbers = numbers ?? ReadOnlyDictionary<string, long>.Empty;
    }

    /// <summary>Which failure it is.</summary>
    public FailureCode Code { get; }

    /// <summary>What kind of failure it is.</summary>
    public FailureCategory Category => FailureCodes.Describe(Code).Category;

    /// <summary>What was being done.</summary>
    public string Operation { get; }

    /// <summary>The user it concerns, or <see langword="null"/>.</summary>
    public string? UserId => UserKey is null ? null : Tenants.UserKey.UserOf(UserKey);

    /// <summary>The tenant of the user, or <see langword="null"/>.</summary>
    public string? TenantId => UserKey is null ? null : Tenants.UserKey.TenantOrNull(UserKey);

    /// <summary>The key of the user it concerns, or <see langword="null"/>.</summary>
    internal string? UserKey { get; }

    /// <summary>The thread it concerns, or <see langword="null"/>.</summary>
    public string? ThreadId { get; }

    /// <summary>The run it concerns, or <see langword="null"/>.</summary>
    public string? RunId { get; }

    /// <summary>The numbers of the case by snake_case name: sizes, limits, event numbers. Empty when there are none.</summary>
    public IReadOnlyDictionary<string, long> Numbers { get; }

    /// <summary>
    /// The exception as plain values (strings, numbers, truth values, lists and dictionaries of these) by snake_case name, for monitoring.
    /// </summary>
    public IReadOnlyDictionary<string, object?> ToDictionary()
    {
        var info = FailureCodes.Describe(Code);
        var values = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["error_type"] = GetType().Name,
            ["code"] = info.WireName,
            ["category"] = info.Category.ToString(),
            ["severity"] = info.Severity.ToString(),
            ["operation"] = Operation,
            ["message"] = Message,
            ["tenant_id"] = TenantId,
            ["user_id"] = UserId,
            ["thread_id"] = ThreadId,
            ["run_id"] = RunId,
            ["numbers"] = Numbers,
            ["cause"] = InnerException is { } inner ? $"{inner.GetType().Name}: {inner.Message}" : null,
        };
        AddDetails(values);
        return values;
    }

    /// <summary>What is known of the event that was refused.</summary>
    internal RefusedEvent Event { get; set; }

    /// <summary>Whether this call is the first: the one that reports.</summary>
    internal bool TryMarkReported() => Interlocked.Exchange(ref _reported, 1) == 0;

    private protected virtual void AddDetails(Dictionary<string, object?> values)
    {
    }
}

/// <summary>What is known of an event that was refused, so that the user who is missing it can be told what is missing.</summary>
/// <param name="Type">Its type, as it goes over the wire.</param>
/// <param name="ToolName">The tool, where it is of one.</param>
/// <param name="CallId">The call of the tool, where the event names it.</param>
internal readonly record struct RefusedEvent(string? Type, string? ToolName = null, string? CallId = null);
