namespace Netra.Pipeline.Failures;

/// <summary>There is no user, thread and run to act for, or they are not valid.</summary>
public sealed class ContextValidationException : PipelineException
{
    private ContextValidationException(FailureCode code, FailureScope scope, IReadOnlyList<string> problems, string message)
        : base(code, scope, message)
    {
        Problems = problems;
    }

    /// <summary>Everything that is wrong, at once: one sentence each.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>There is no context at all (<see cref="FailureCode.ContextMissing"/>).</summary>
    public static ContextValidationException Missing(FailureScope scope) => new(
        FailureCode.ContextMissing,
        scope,
        ["there is no execution context"],
        $"{scope.Operation} needs an execution context with user_id, thread_id and run_id, and there is none");

    /// <summary>The context is not valid (<see cref="FailureCode.ContextInvalid"/>).</summary>
    /// <param name="scope">
    /// What was being done. It must name only those ids that are valid themselves: they go into logs and messages.
    /// </param>
    /// <param name="problems">Everything that is wrong; at least one.</param>
    /// <exception cref="ArgumentException"><paramref name="problems"/> is empty.</exception>
    public static ContextValidationException Invalid(FailureScope scope, IReadOnlyList<string> problems)
    {
        if (problems.Count == 0)
        {
            throw new ArgumentException("at least one problem is needed", nameof(problems));
        }

        return new ContextValidationException(
            FailureCode.ContextInvalid,
            scope,
            [.. problems],
            $"{scope.Operation} has an invalid execution context: {string.Join("; ", problems)}");
    }

    private protected override void AddDetails(Dictionary<string, object?> values) => values["problems"] = Problems;
}
