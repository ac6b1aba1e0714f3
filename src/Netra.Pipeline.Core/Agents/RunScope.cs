using System.Diagnostics;
using Netra.Pipeline.Emission;

namespace Netra.Pipeline.Agents;

/// <summary>What belongs to one started run and is shared by its runner, tool executor and delegations. Safe from any thread.</summary>
/// <param name="Services">What the host gives to every run.</param>
/// <param name="Request">What the run is to do.</param>
/// <param name="Emitter">The run's emitter; it reports an accepted overflow instead of raising it.</param>
/// <param name="Token">Fires when the run is cancelled or over.</param>
internal sealed record RunScope(RunServices Services, RunRequest Request, EventEmitter Emitter, CancellationToken Token)
{
    /// <summary>Tool calls and delegations under way.</summary>
    public OpenWork OpenWork { get; } = new();

    /// <summary>The run's span, while somebody collects spans.</summary>
    public Activity? Span { get; init; }
}
