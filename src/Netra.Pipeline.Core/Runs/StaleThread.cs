namespace Netra.Pipeline.Runs;

/// <summary>A run that has said nothing for longer than its lease.</summary>
/// <param name="UserId">Whose it is.</param>
/// <param name="ThreadId">Its thread.</param>
/// <param name="RunId">The run.</param>
/// <param name="AgentName">The agent, if it is known.</param>
/// <param name="Quiet">For how long.</param>
public sealed record StaleThread(string UserId, string ThreadId, string RunId, string? AgentName, TimeSpan Quiet);
