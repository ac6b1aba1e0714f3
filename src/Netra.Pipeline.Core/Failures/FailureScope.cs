namespace Netra.Pipeline.Failures;

/// <summary>What was being done, and for whom, when something failed.</summary>
/// <param name="Operation">What was being done, such as <c>EmitToken</c>: a name from a bounded set, fit for grouping.</param>
/// <param name="UserId">
/// The key (<see cref="Tenants.UserKey"/>) of the user it concerns, who is told; <see langword="null"/> when it concerns none.
/// </param>
/// <param name="ThreadId">The thread it concerns, if one.</param>
/// <param name="RunId">The run it concerns, if one.</param>
public readonly record struct FailureScope(string Operation, string? UserId = null, string? ThreadId = null, string? RunId = null);
