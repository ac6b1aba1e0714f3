using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;

namespace Netra.Pipeline.Hosting;

/// <summary>The tool of the startup verification: it returns what it is given.</summary>
internal sealed class VerificationTool : ITool
{
    public const string ToolName = "netra.verification";

    public string Name => ToolName;

    public string Description => "Returns its argument.";

    public ValueTask<JsonNode?> InvokeAsync(ToolInvocation invocation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(invocation);
        return ValueTask.FromResult(invocation.Arguments["text"]?.DeepClone());
    }
}
