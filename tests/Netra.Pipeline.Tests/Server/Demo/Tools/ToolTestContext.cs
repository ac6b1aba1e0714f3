using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Contexts;

namespace Netra.Pipeline.Tests.Server.Demo.Tools;

/// <summary>Calls a tool as the runner would.</summary>
internal static class ToolTestContext
{
    public static async Task<JsonNode> CallAsync(this ITool tool, string arguments)
    {
        var context = new UserExecutionContext("ada", "t1", "r1", "q1", trace: null, isSystem: false);
        var invocation = new ToolInvocation(tool.Name, "call-1", JsonNode.Parse(arguments)!.AsObject(), context);
        return (await tool.InvokeAsync(invocation, CancellationToken.None))!;
    }
}
