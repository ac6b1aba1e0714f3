using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;

namespace Netra.Pipeline.EmbeddingHost;

/// <summary>Greets, with the help of a tool.</summary>
public sealed class GreeterAgent : IAgent
{
    public const string AgentName = "greeter";

    public string Name => AgentName;

    public string Description => "Greets.";

    public IReadOnlyCollection<string> RequiredTools => [ReverseTool.ToolName];

    public async IAsyncEnumerable<string> RunAsync(AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await execution.Events.ThinkAsync("How does one greet?", ct: cancellationToken);
        var reversed = await execution.Tools.CallToolAsync(
            ReverseTool.ToolName, new JsonObject { ["text"] = execution.Input }, cancellationToken);
        yield return "Hello ";
        yield return $"{execution.Input}, or {reversed}!";
    }
}
