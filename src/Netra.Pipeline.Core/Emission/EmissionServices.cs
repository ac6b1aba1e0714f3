using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Emission;

/// <summary>What every emitter needs and all of them share.</summary>
internal sealed record EmissionServices(
    PipelineBridge Bridge,
    FailureReporter Failures,
    int MaxEventBytes,
    IEventLog Log,
    RunRegistry Runs,
    PipelineObservation Observation,
    EmergencyMode Emergency,
    TimeProvider Time,
    EmissionTelemetry Telemetry)
{
    /// <summary>Those that wait for room, of all emitters.</summary>
    public required EmissionWaits Waits { get; init; }

    /// <summary>The measures of what is asked and answered.</summary>
    public required AnswerMetrics Answers { get; init; }

    /// <summary>The measure of what runs have cost.</summary>
    public required TokenUsageMetrics Usage { get; init; }

    /// <summary>The clock of what waits: a process that does not run waits for nothing.</summary>
    public required ServedTime Served { get; init; }
}
