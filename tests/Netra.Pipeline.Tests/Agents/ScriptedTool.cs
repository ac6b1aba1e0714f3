using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;

namespace Netra.Pipeline.Tests.Agents;

internal sealed class ScriptedTool(Scripts scripts) : ITool
{
    public string Name => "echo";

    public string Description => "Does what the test says.";

    public ValueTask<JsonNode?> InvokeAsync(ToolInvocation invocation, CancellationToken cancellationToken) =>
        scripts.Tool(invocation, cancellationToken);
}
