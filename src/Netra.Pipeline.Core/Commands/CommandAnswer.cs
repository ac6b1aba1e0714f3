using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Commands;

/// <summary>What a page is answered to a message for the backend.</summary>
/// <param name="RunId">The run that it started, or is about; null for none.</param>
/// <param name="IsTaken">Whether the backend has it already.</param>
internal readonly record struct CommandAnswer(string? RunId, bool IsTaken)
{
    /// <summary>Why there is nothing to be done; null where there is. That is no failure.</summary>
    public (FailureCode Code, string Message)? Refusal { get; init; }
}
