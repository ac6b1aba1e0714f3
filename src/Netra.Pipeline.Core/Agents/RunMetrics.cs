using System.Diagnostics;
using System.Diagnostics.Metrics;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Agents;

/// <summary>The instruments of runs that this process drives. Agents and tools are registered, so their names are bounded tags.</summary>
internal sealed class RunMetrics
{
    // From 100 ms to 7 min, and from 10 ms to 82 s, each twice the last: what the conventions for generative AI ask for.
    private static readonly double[] AgentSeconds = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6];
    private static readonly double[] ToolSeconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

    private readonly Histogram<double> _runs;
    private readonly Histogram<double> _agents;
    private readonly Histogram<double> _tools;

    public RunMetrics(IMeterFactory meters, OpenRuns open)
    {
        var meter = meters.Create(PipelineMeter.Name);
        meter.CreateObservableUpDownCounter(
            "netra.run.active", () => open.Count, "{run}", "Runs that are open in this process, delegated ones included.");
        _runs = Seconds("netra.run.duration", "How long runs took, by how they ended (netra.outcome).", AgentSeconds);
        _agents = Seconds("gen_ai.invoke_agent.duration", "How long invocations of agents took.", AgentSeconds);
        _tools = Seconds("gen_ai.execute_tool.duration", "How long tools took.", ToolSeconds);

        Histogram<double> Seconds(string name, string description, double[] bounds)
            => meter.CreateHistogram(
                name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
    }

    /// <param name="agent">The agent.</param>
    /// <param name="duration">How long it ran.</param>
    /// <param name="outcome"><c>completed</c>, <c>cancelled</c> or <c>failed</c>.</param>
    /// <param name="errorType">The failure's code; null unless it failed.</param>
    public void RunEnded(string agent, TimeSpan duration, string outcome, string? errorType)
    {
        _runs.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("netra.outcome", outcome));
        var tags = new TagList { { "gen_ai.operation.name", "invoke_agent" }, { "gen_ai.agent.name", agent } };
        AddError(ref tags, errorType);
        _agents.Record(duration.TotalSeconds, tags);
    }

    /// <param name="tool">The tool.</param>
    /// <param name="duration">How long it ran.</param>
    /// <param name="errorType">The failure's code; null unless it failed.</param>
    public void ToolEnded(string tool, TimeSpan duration, string? errorType)
    {
        var tags = new TagList { { "gen_ai.operation.name", "execute_tool" }, { "gen_ai.tool.name", tool } };
        AddError(ref tags, errorType);
        _tools.Record(duration.TotalSeconds, tags);
    }

    private static void AddError(ref TagList tags, string? errorType)
    {
        if (errorType is not null)
        {
            tags.Add("error.type", errorType);
        }
    }
}
