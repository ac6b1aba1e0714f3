using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;

namespace Netra.Pipeline.Tests.Agents;

/// <summary>What a tool of a test does in one call.</summary>
internal delegate ValueTask<JsonNode?> ToolScript(ToolInvocation invocation, CancellationToken cancellationToken);
