using System.Diagnostics.CodeAnalysis;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Contexts;

/// <summary>Makes contexts, and reports those that are not valid or not there before it raises. Safe for any number of threads.</summary>
public sealed class UserExecutionContextFactory(FailureReporter failures)
{
    /// <summary>The reserved user for whom the system works on its own account.</summary>
    internal const string SystemUserId = "$system";

    /// <summary>Makes a context.</summary>
    /// <param name="userId">The user: 1 to 256 bytes of UTF-8, no control characters, not beginning with <c>$</c>.</param>
    /// <param name="threadId">The thread: 1 to 256 bytes of UTF-8, no control characters.</param>
    /// <param name="runId">The run, of the same form.</param>
    /// <param name="requestId">The request, of the same form; default: a new id.</param>
    /// <param name="trace">The trace; default: the one that the calling code runs in.</param>
    /// <param name="tenantId">The user's tenant, of the same form as the user; default: none.</param>
    /// <exception cref="ContextValidationException">
    /// Something is not valid (all of it is listed), or there is neither user, thread nor run. It has been reported.
    /// </exception>
    public UserExecutionContext Create(
        string? userId,
        string? threadId,
        string? runId,
        string? requestId = null,
        TraceContext? trace = null,
        string? tenantId = null)
    {
        const string Operation = "CreateContext";
        if (userId is null && threadId is null && runId is null)
        {
            throw Reported(ContextValidationException.Missing(new FailureScope(Operation)));
        }

        return Create(Operation, tenantId, userId, threadId, IdentifierRules.ProblemOf(runId, "run_id"), runId, requestId, trace);
    }

    /// <summary>Makes a context for what belongs to a thread and to no run: a title, a notification, what something has cost.</summary>
    /// <param name="userId">The user: 1 to 256 bytes of UTF-8, no control characters, not beginning with <c>$</c>.</param>
    /// <param name="threadId">The thread: 1 to 256 bytes of UTF-8, no control characters.</param>
    /// <param name="requestId">The request, of the same form; default: a new id.</param>
    /// <param name="trace">The trace; default: the one that the calling code runs in.</param>
    /// <param name="tenantId">The user's tenant, of the same form as the user; default: none.</param>
    /// <exception cref="ContextValidationException">
    /// Something is not valid (all of it is listed), or there is neither user nor thread. It has been reported.
    /// </exception>
    public UserExecutionContext CreateForThread(
        string? userId, string? threadId, string? requestId = null, TraceContext? trace = null, string? tenantId = null)
    {
        const string Operation = "CreateThreadContext";
        return userId is null && threadId is null
            ? throw Reported(ContextValidationException.Missing(new FailureScope(Operation)))
            : Create(Operation, tenantId, userId, threadId, runProblem: null, runId: string.Empty, requestId, trace);
    }

    /// <summary>Makes a context for the system's own work: user <c>$system</c>, the operation as its thread, a new run.</summary>
    /// <param name="operation">What the system does, such as <c>supervisor</c>; a valid identifier.</param>
    /// <exception cref="ArgumentException"><paramref name="operation"/> is not a valid identifier.</exception>
    public UserExecutionContext CreateSystem(string operation) => CreateSystem(SystemUserId, operation);

    /// <summary>
    /// Makes a context for the system's own work under a reserved user of its own, so that its events mix with no others.
    /// </summary>
    /// <exception cref="ArgumentException">The user id is not a reserved one, or one of them is not a valid identifier.</exception>
    [SuppressMessage("Performance", "CA1822", Justification = "An overload of an instance method, on the one type that makes contexts.")]
    internal UserExecutionContext CreateSystem(string reservedUserId, string operation)
    {
        if (reservedUserId is not [IdentifierRules.ReservedPrefix, _, ..])
        {
            throw new ArgumentException($"must begin with '{IdentifierRules.ReservedPrefix}'", nameof(reservedUserId));
        }

        if (IdentifierRules.ProblemOf(reservedUserId, "it") is { } userProblem)
        {
            throw new ArgumentException(userProblem, nameof(reservedUserId));
        }

        if (IdentifierRules.ProblemOf(operation, "it") is { } operationProblem)
        {
            throw new ArgumentException(operationProblem, nameof(operation));
        }

        return new UserExecutionContext(
            reservedUserId, operation, NewId(), NewId(), TraceContext.OfCurrentActivity(), isSystem: true);
    }

    /// <summary>Makes the context of a run that another run delegates: the same but for a new run id.</summary>
    [SuppressMessage("Performance", "CA1822", Justification = "Beside the other methods of the one type that makes contexts.")]
    internal UserExecutionContext CreateDelegated(UserExecutionContext parent) =>
        new(parent.UserKey, parent.ThreadId, NewId(), parent.RequestId, parent.Trace, parent.IsSystem);

    /// <summary>
    /// Makes a context for ending a run that the last process left open: its ids are as they were logged, and it
    /// may emit before the pipeline is ready.
    /// </summary>
    [SuppressMessage("Performance", "CA1822", Justification = "Beside the other methods of the one type that makes contexts.")]
    internal UserExecutionContext CreateInterrupted(string userKey, string threadId, string runId) =>
        new(userKey, threadId, runId, NewId(), trace: null, isSystem: true);

    /// <summary>The context, when there is one.</summary>
    /// <param name="context">The context, which should be there.</param>
    /// <param name="operation">What needs it: a name from a bounded set.</param>
    /// <exception cref="ContextValidationException">It is <see langword="null"/>. That has been reported.</exception>
    public UserExecutionContext Require([NotNull] UserExecutionContext? context, string operation) =>
        context ?? throw Reported(ContextValidationException.Missing(new FailureScope(operation)));

    /// <summary>The context, when there is one, and it is a run's.</summary>
    /// <inheritdoc cref="Require"/>
    internal UserExecutionContext RequireRun([NotNull] UserExecutionContext? context, string operation)
        => Require(context, operation).HasRun
            ? context
            : throw Reported(ContextValidationException.Invalid(context.ScopeOf(operation), ["run_id is missing"]));

    private UserExecutionContext Create(
        string operation,
        string? tenantId,
        string? userId,
        string? threadId,
        string? runProblem,
        string? runId,
        string? requestId,
        TraceContext? trace)
    {
        tenantId ??= string.Empty;
        var tenant = IdentifierRules.ProblemOfTenant(tenantId);
        var user = IdentifierRules.ProblemOfUser(userId);
        var thread = IdentifierRules.ProblemOf(threadId, "thread_id");
        var request = requestId is null ? null : IdentifierRules.ProblemOf(requestId, "request_id");
        if ((tenant ?? user ?? thread ?? runProblem ?? request) is not null)
        {
            // An id that is not valid itself must not get into logs, nor be looked up among the users.
            var isRunNamed = runProblem is null && runId is { Length: > 0 };
            var scope = new FailureScope(
                operation,
                (tenant ?? user) is null ? UserKey.Of(tenantId, userId!) : null,
                thread is null ? threadId : null,
                isRunNamed ? runId : null);
            string?[] problems = [tenant, user, thread, runProblem, request];
            throw Reported(ContextValidationException.Invalid(scope, [.. problems.OfType<string>()]));
        }

        return new UserExecutionContext(
            UserKey.Of(tenantId, userId!),
            threadId!,
            runId!,
            requestId ?? NewId(),
            trace ?? TraceContext.OfCurrentActivity(),
            isSystem: false);
    }

    private static string NewId() => Guid.NewGuid().ToString("N");

    private ContextValidationException Reported(ContextValidationException exception)
    {
        failures.Report(exception);
        return exception;
    }
}
