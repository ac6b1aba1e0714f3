using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Server.Demo.Planning;
using Netra.Pipeline.Server.Demo.Tools;

namespace Netra.Pipeline.Server.Demo;

/// <summary>
/// Shows everything a run can do, without a model and without a network: plans over the question, says its plan, calls tools,
/// delegates, asks, and streams an answer built from what came back. What fails is said in the answer, and the run goes on. Stateless;
/// all that belongs to a run is local to it. The same question gets the same plan, so that a run that waited for an answer over a restart
/// goes on where it was.
/// </summary>
internal sealed class DemoAgent(TimeProvider time, IOptions<DemoOptions> options) : IAgent
{
    public const string AgentName = "demo";

    private const string Introduction =
        "I am the demo agent: no model, only rules, but real tools. Ask me to calculate (\"What is (2+3)*4?\"), "
        + "for the time (\"What time is it in Europe/Berlin?\"), about this project (\"How does overflow work?\"), "
        + "to read a file (\"Read docs/protocol.md lines 1-20\"), to delete the draft, which I ask you about first, "
        + "or to count slowly to 100, which you can cancel.";

    public string Name => AgentName;

    public string Description => "Answers arithmetic, the time, and questions about this project, and shows each step.";

    public IReadOnlyCollection<string> RequiredTools =>
        [CalculateTool.ToolName, CurrentTimeTool.ToolName, ReadFileTool.ToolName, DeleteDraftTool.ToolName];

    public IReadOnlyCollection<string> RequiredAgents => [DocResearcherAgent.AgentName];

    public async IAsyncEnumerable<string> RunAsync(AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var plan = Planner.PlanFor(execution.Input);
        await execution.Events.ThinkAsync(Describe(plan), ct: cancellationToken);

        for (var at = 0; at < plan.Steps.Count; at++)
        {
            var step = plan.Steps[at];
            await execution.Events.ThinkAsync(
                step.Why, new JsonObject { ["step"] = at + 1, ["steps"] = plan.Steps.Count }, cancellationToken);
            await foreach (var word in DoAsync(step, execution, cancellationToken))
            {
                yield return word;
            }

            if (at < plan.Steps.Count - 1)
            {
                yield return "\n\n";
            }
        }

        if (plan.LeftOut > 0)
        {
            yield return $"\n\nI left out {plan.LeftOut} more parts of the question: I take {Planner.MaxSteps} at a time.";
        }
    }

    private static string Describe(Plan plan)
    {
        var text = new StringBuilder("Plan: ");
        for (var at = 0; at < plan.Steps.Count; at++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{at + 1}. {plan.Steps[at].Kind.ToString().ToLowerInvariant()} ");
        }

        return text.ToString().TrimEnd();
    }

    private IAsyncEnumerable<string> DoAsync(PlanStep step, AgentExecution execution, CancellationToken cancellationToken) =>
        step.Kind == StepKind.Count
            ? CountAsync((int)step.Arguments["to"]!, cancellationToken)
            : SayAsync(step, execution, cancellationToken);

    private async IAsyncEnumerable<string> CountAsync(int to, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var number = 1; number <= to; number++)
        {
            yield return number == to ? $"{number}." : $"{number} ";
            await Task.Delay(options.Value.CountDelay, time, cancellationToken);
        }
    }

    private async IAsyncEnumerable<string> SayAsync(
        PlanStep step, AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var answer = await AnswerAsync(step, execution, cancellationToken);
        await foreach (var word in Words.StreamAsync(answer, options.Value.TokenDelay, time, cancellationToken))
        {
            yield return word;
        }
    }

    private static async Task<string> AnswerAsync(PlanStep step, AgentExecution execution, CancellationToken cancellationToken)
    {
        try
        {
            return step.Kind switch
            {
                StepKind.Calculate => Calculated(await CallAsync(CalculateTool.ToolName)),
                StepKind.Time => Clock(await CallAsync(CurrentTimeTool.ToolName)),
                StepKind.Read => Read(await CallAsync(ReadFileTool.ToolName)),
                StepKind.Delete => Deleted(await CallAsync(DeleteDraftTool.ToolName)),
                StepKind.Research => await execution.DelegateAsync(
                    DocResearcherAgent.AgentName, (string)step.Arguments["question"]!, cancellationToken),
                StepKind.Introduce => Introduction,
                StepKind.Count or _ => throw new InvalidOperationException($"A step of kind {step.Kind} has no answer."),
            };
        }
        // What a tool or a delegate could not do is part of an honest answer; the page has been shown the failure already. A failing
        // pipeline is not: then nobody would see the answer either, and the run must fail.
        catch (Exception failure) when (failure is AgentCommunicationException or not (PipelineException or OperationCanceledException))
        {
            return $"I could not {Wanted(step)}: {failure.Message}";
        }

        async Task<JsonNode> CallAsync(string tool) =>
            await execution.Tools.CallToolAsync(tool, step.Arguments, cancellationToken)
            ?? throw new InvalidOperationException($"The tool {tool} gave no result.");
    }

    private static string Wanted(PlanStep step) => step.Kind switch
    {
        StepKind.Calculate => $"calculate {(string)step.Arguments["expression"]!}",
        StepKind.Time => $"tell the time in {(string?)step.Arguments["zone"] ?? "UTC"}",
        StepKind.Read => $"read {(string)step.Arguments["path"]!}",
        StepKind.Delete => "delete the draft",
        StepKind.Research => $"find out \"{(string)step.Arguments["question"]!}\"",
        StepKind.Count or StepKind.Introduce or _ => "do that",
    };

    private static string Calculated(JsonNode result) => $"{(string)result["expression"]!} = {(decimal)result["value"]!}.";

    private static string Clock(JsonNode result) =>
        $"In {(string)result["zone"]!} it is {(string)result["weekday"]!}, {(string)result["time"]!} (UTC{(string)result["offset"]!}).";

    private static string Deleted(JsonNode result) => ((bool)result["approved"]!, (bool)result["deleted"]!) switch
    {
        (false, _) => $"I left the draft alone, as {(string?)result["by"]} wanted.",
        (true, true) => $"I deleted the draft: {(string?)result["by"]} has approved it.",
        (true, false) => "There was nothing left to delete: the draft is gone already.",
    };

    private static string Read(JsonNode result)
    {
        var more = (bool)result["truncated"]! ? $" The file goes on to line {(int)result["total_lines"]!}." : string.Empty;
        return $"{(string)result["path"]!}, lines {(int)result["from_line"]!} to {(int)result["to_line"]!}:\n\n"
            + $"{(string)result["text"]!}\n\n"
            + $"That is the end of what I read.{more}";
    }
}
