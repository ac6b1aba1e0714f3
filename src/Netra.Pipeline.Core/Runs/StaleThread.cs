namespace Netra.Pipeline.Runs;

/// <summary>A run that has said nothing for longer than its lease.</summary>
/// <param name="UserId">Whose it is.</param>
/// <param name="ThreadId">Its thread.</param>
/// <param name="RunId">The run.</param>
/// <param name="AgentName">The agent, if it is known.</param>
/// <param name="Quiet">For how long.</param>
public sealed record StaleThread(string UserId, string ThreadId, string RunId, string? AgentName, TimeSpan Quiet);

/// <summary>A tool that runs for longer than tools may.</summary>
/// <param name="UserId">Whose run called it.</param>
/// <param name="ThreadId">The run's thread.</param>
/// <param name="RunId">The run.</param>
/// <param name="ToolName">The tool.</param>
/// <param name="Running">For how long it runs.</param>
public sealed record StuckTool(string UserId, string ThreadId, string RunId, string ToolName, TimeSpan Running);
