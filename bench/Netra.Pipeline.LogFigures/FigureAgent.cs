using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Events;

namespace Netra.Pipeline.LogFigures;

/// <summary>
/// A run as agents have them: a thought, two tools, forty tokens. With what frames it, that is <see cref="EventsPerRun"/> events.
/// </summary>
internal sealed class FigureAgent : IAgent
{
    public const string AgentName = "figures";

    /// <summary>What is asked of it when it is to wait until its connections have caught up.</summary>
    public const string Wait = "wait";

    /// <summary>Started, a thought, two tools executing and completed, the tokens, completed.</summary>
    public const int EventsPerRun = 7 + Tokens;

    private const int Tokens = 40;

    public string Name => AgentName;

    public string Description => "Answers everything alike.";

    public IReadOnlyCollection<string> RequiredTools => [FigureTool.ToolName];

    public async IAsyncEnumerable<string> RunAsync(AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pause = execution.Input == Wait
            ? TimeSpan.Zero
            : TimeSpan.FromMilliseconds(int.Parse(execution.Input, CultureInfo.InvariantCulture));
        var thought = await execution.Events.ThinkAsync("Which documents say something about it?", ct: cancellationToken);
        if (execution.Input == Wait)
        {
            await thought.WhenAsync(DeliveryStage.Written, TimeSpan.FromMinutes(1), cancellationToken);
        }

        for (var call = 0; call < 2; call++)
        {
            await execution.Tools.CallToolAsync(
                FigureTool.ToolName, new JsonObject { ["query"] = "what was asked for" }, cancellationToken);
        }

        for (var token = 0; token < Tokens; token++)
        {
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, TimeProvider.System, cancellationToken);
            }

            yield return " the next few words";
        }
    }
}
