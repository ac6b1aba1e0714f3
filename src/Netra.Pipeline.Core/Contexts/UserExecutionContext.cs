using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Contexts;

/// <summary>
/// For whom, and in which thread and run, something is done. Immutable, and valid where it exists: only
/// <see cref="UserExecutionContextFactory"/> makes one.
/// </summary>
public sealed class UserExecutionContext
{
    internal UserExecutionContext(string userKey, string threadId, string runId, string requestId, TraceContext? trace, bool isSystem)
    {
        UserKey = userKey;
        ThreadId = threadId;
        RunId = runId;
        RequestId = requestId;
        Trace = trace;
        IsSystem = isSystem;
    }

    /// <summary>The user: 1 to 256 bytes of UTF-8, no control characters.</summary>
    public string UserId => Tenants.UserKey.UserOf(UserKey);

    /// <summary>The user's tenant, of the same form; empty for none.</summary>
    public string TenantId => Tenants.UserKey.TenantOf(UserKey);

    /// <summary>The user's key (<see cref="Tenants.UserKey"/>): what names the user and the tenant.</summary>
    internal string UserKey { get; }

    /// <summary>The thread, of the same form.</summary>
    public string ThreadId { get; }

    /// <summary>The run, of the same form; empty for what belongs to a thread and to no run.</summary>
    public string RunId { get; }

    /// <summary>Whether there is a run.</summary>
    public bool HasRun => RunId.Length > 0;

    /// <summary>The request that this began with, of the same form: it correlates logs.</summary>
    public string RequestId { get; }

    /// <summary>The trace that this belongs to, or <see langword="null"/>.</summary>
    public TraceContext? Trace { get; }

    /// <summary>Whether this is the system's own work and not a user's.</summary>
    public bool IsSystem { get; }

    /// <summary>What failures of an operation in this context say about where they happened.</summary>
    /// <param name="operation">What is being done: a name from a bounded set.</param>
    public FailureScope ScopeOf(string operation) => new(operation, UserKey, ThreadId, HasRun ? RunId : null);

    /// <summary>The same, in another trace: what happens in a span belongs to that span.</summary>
    internal UserExecutionContext Within(TraceContext trace) => new(UserKey, ThreadId, RunId, RequestId, trace, IsSystem);

    /// <summary>The same thread, outside of any run.</summary>
    internal UserExecutionContext OutsideRun() => HasRun ? new(UserKey, ThreadId, string.Empty, RequestId, Trace, IsSystem) : this;

    /// <summary>The ids, for logs and debuggers.</summary>
    public override string ToString()
        => $"user {Tenants.UserKey.Show(UserKey)}, thread {ThreadId}, {(HasRun ? $"run {RunId}" : "no run")}, request {RequestId}";
}
