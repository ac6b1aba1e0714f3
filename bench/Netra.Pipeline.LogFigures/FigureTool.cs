using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;

namespace Netra.Pipeline.LogFigures;

/// <summary>A tool that has its answer at once.</summary>
internal sealed class FigureTool : ITool
{
    public const string ToolName = "search";

    public string Name => ToolName;

    public string Description => "Finds what it always finds.";

    public ValueTask<JsonNode?> InvokeAsync(ToolInvocation invocation, CancellationToken cancellationToken)
        => ValueTask.FromResult<JsonNode?>(new JsonObject { ["hits"] = 3, ["first"] = "the first of the documents that were found" });
}
