using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Server.Demo.Tools;

namespace Netra.Pipeline.Server.Demo;

/// <summary>
/// Answers from the project's documentation and from nothing else: searches it, reads the best section, and quotes it with its source.
/// Stateless; all that belongs to a run is local to it.
/// </summary>
internal sealed class DocResearcherAgent(TimeProvider time, IOptions<DemoOptions> options) : IAgent
{
    public const string AgentName = "doc_researcher";

    // About one screen of a chat page; the source says where the rest is.
    private const int MaxQuote = 1_500;

    public string Name => AgentName;

    public string Description => "Finds the section of this project's documentation that answers a question, and quotes it.";

    public IReadOnlyCollection<string> RequiredTools => [SearchDocsTool.ToolName, ReadFileTool.ToolName];

    public async IAsyncEnumerable<string> RunAsync(
        AgentExecution execution, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var found = await execution.Tools.CallToolAsync(
            SearchDocsTool.ToolName, new JsonObject { ["query"] = execution.Input, ["limit"] = 3 }, cancellationToken);
        var answer = found?["hits"]?.AsArray() is { Count: > 0 } hits
            ? await QuoteAsync(execution, hits, cancellationToken)
            : $"The documentation says nothing about \"{execution.Input}\".";
        await foreach (var word in Words.StreamAsync(answer, options.Value.TokenDelay, time, cancellationToken))
        {
            yield return word;
        }
    }

    private static async Task<string> QuoteAsync(AgentExecution execution, JsonArray hits, CancellationToken cancellationToken)
    {
        var best = hits[0]!;
        var (path, heading) = ((string)best["path"]!, (string)best["heading"]!);
        await execution.Events.ThinkAsync(
            $"The best of {hits.Count} sections is \"{heading}\" in {path}; I read it.", ct: cancellationToken);

        // By lines and not by heading: two sections of a document may have the same heading.
        var arguments = new JsonObject { ["path"] = path, ["from_line"] = (int)best["first_line"]!, ["to_line"] = (int)best["last_line"]! };
        var section = await execution.Tools.CallToolAsync(ReadFileTool.ToolName, arguments, cancellationToken);
        var source = $"Source: {path}, lines {(int)section!["from_line"]!} to {(int)section["to_line"]!}, \"{heading}\".";
        return $"{Shorten((string)section["text"]!)}\n\n{source}{SeeAlso(hits)}";
    }

    private static string SeeAlso(JsonArray hits)
    {
        var others = hits.Skip(1).Select(hit => $"\"{(string)hit!["heading"]!}\" in {(string)hit["path"]!}").ToList();
        return others.Count == 0 ? string.Empty : $" See also {string.Join(" and ", others)}.";
    }

    private static string Shorten(string text)
    {
        text = text.TrimEnd();
        if (text.Length <= MaxQuote)
        {
            return text;
        }

        var lineEnd = text.LastIndexOf('\n', MaxQuote);
        return $"{text[..(lineEnd > 0 ? lineEnd : MaxQuote)].TrimEnd()}\n[…]";
    }
}
