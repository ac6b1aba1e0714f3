using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Server.Demo.Arithmetic;

namespace Netra.Pipeline.Server.Demo.Tools;

/// <summary><c>calculate{expression}</c> → <c>{expression, value}</c>. Stateless.</summary>
internal sealed class CalculateTool : ITool
{
    public const string ToolName = "calculate";

    public string Name => ToolName;

    public string Description
        => "Calculates an arithmetic expression: {\"expression\":\"(2+3)*4\"}. Operators: + - * / % ^ and parentheses.";

    public ValueTask<JsonNode?> InvokeAsync(ToolInvocation invocation, CancellationToken cancellationToken)
    {
        var expression = ToolArguments.Text(invocation.Arguments, "expression");
        return new(new JsonObject { ["expression"] = expression, ["value"] = Calculator.Evaluate(expression) });
    }
}
