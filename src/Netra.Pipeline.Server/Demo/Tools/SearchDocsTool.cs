using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Server.Demo.Docs;

namespace Netra.Pipeline.Server.Demo.Tools;

/// <summary>
/// <c>search_docs{query, limit?}</c> → <c>{query, hits:[{path, heading, first_line, last_line, snippet,
/// score}]}</c>. Safe for parallel calls.
/// </summary>
internal sealed class SearchDocsTool(DocumentIndex index) : ITool
{
    public const string ToolName = "search_docs";

    private const int DefaultLimit = 5;
    private const int MaxLimit = 20;

    public string Name => ToolName;

    public string Description =>
        "Searches this project's documentation: {\"query\":\"overflow of a queue\",\"limit\":5}. Answers with sections, best first.";

    public async ValueTask<JsonNode?> InvokeAsync(ToolInvocation invocation, CancellationToken cancellationToken)
    {
        var query = ToolArguments.Text(invocation.Arguments, "query");
        var limit = Math.Clamp(ToolArguments.OptionalNumber(invocation.Arguments, "limit") ?? DefaultLimit, 1, MaxLimit);
        var hits = await index.SearchAsync(query, limit, cancellationToken);
        return new JsonObject { ["query"] = query, ["hits"] = new JsonArray([.. hits.Select(ToJson)]) };
    }

    private static JsonNode ToJson(SearchHit hit) => new JsonObject
    {
        ["path"] = hit.Path,
        ["heading"] = hit.Heading,
        ["first_line"] = hit.FirstLine,
        ["last_line"] = hit.LastLine,
        ["snippet"] = hit.Snippet,
        ["score"] = Math.Round(hit.Score, 3),
    };
}
