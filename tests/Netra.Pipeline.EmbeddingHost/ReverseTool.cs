using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;

namespace Netra.Pipeline.EmbeddingHost;

/// <summary>Turns a text round.</summary>
public sealed class ReverseTool : ITool
{
    public const string ToolName = "reverse";

    public string Name => ToolName;

    public string Description => "Turns a text round.";

    public ValueTask<JsonNode?> InvokeAsync(ToolInvocation invocation, CancellationToken cancellationToken)
    {
        var text = invocation.Arguments["text"]!.GetValue<string>();
        return ValueTask.FromResult<JsonNode?>(JsonValue.Create(new string([.. text.Reverse()])));
    }
}
