using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Agents;

/// <summary>What every run needs from the host. Immutable, one per host; all of it is safe from any thread.</summary>
internal sealed class RunServices(
    AgentRegistry agents,
    ToolRegistry tools,
    OpenRuns openRuns,
    EventEmitterFactory emitters,
    UserExecutionContextFactory contexts,
    PipelineBridge bridge,
    FailureReporter failures,
    TimeProvider time,
    IOptions<AgentOptions> options,
    IOptions<StreamOptions> streamOptions,
    PipelineSpans spans,
    RunMetrics metrics,
    ILogger<AgentRunner> logger)
{
    public AgentRegistry Agents { get; } = agents;

    public ToolRegistry Tools { get; } = tools;

    public OpenRuns OpenRuns { get; } = openRuns;

    public EventEmitterFactory Emitters { get; } = emitters;

    public UserExecutionContextFactory Contexts { get; } = contexts;

    public PipelineBridge Bridge { get; } = bridge;

    public FailureReporter Failures { get; } = failures;

    public TimeProvider Time { get; } = time;

    public AgentOptions Options { get; } = options.Value;

    /// <summary>How large an encoded event may be.</summary>
    public int MaxEventBytes { get; } = streamOptions.Value.MaxEventBytes;

    public PipelineSpans Spans { get; } = spans;

    public RunMetrics Metrics { get; } = metrics;

    public ILogger Logger { get; } = logger;
}
