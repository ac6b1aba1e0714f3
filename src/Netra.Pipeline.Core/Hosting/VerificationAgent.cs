using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// The agent of the startup verification: it thinks, calls a tool, and answers with the tool's result, as any agent would.
/// </summary>
internal sealed class VerificationAgent : IAgent
{
    public const string AgentName = "netra.verification";

    public string Name => AgentName;

    public string Description => "Verifies that events reach a client.";

    public IReadOnlyCollection<string> RequiredTools => [VerificationTool.ToolName];

    public async IAsyncEnumerable<string> RunAsync(AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(execution);
        await execution.Events.ThinkAsync("Do events reach a client?", ct: cancellationToken);
        var echoed = await execution.Tools.CallToolAsync(
            VerificationTool.ToolName, new JsonObject { ["text"] = execution.Input }, cancellationToken);
        yield return echoed?.ToString() ?? string.Empty;
    }
}
