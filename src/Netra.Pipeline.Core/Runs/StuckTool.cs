namespace Netra.Pipeline.Runs;

/// <summary>A tool that runs for longer than tools may.</summary>
/// <param name="UserId">Whose run called it.</param>
/// <param name="ThreadId">The run's thread.</param>
/// <param name="RunId">The run.</param>
/// <param name="ToolName">The tool.</param>
/// <param name="Running">For how long it runs.</param>
public sealed record StuckTool(string UserId, string ThreadId, string RunId, string ToolName, TimeSpan Running);
