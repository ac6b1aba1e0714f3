using Netra.Pipeline.Contexts;

namespace Netra.Pipeline.Agents;

/// <summary>The run that delegates to another.</summary>
/// <param name="Context">Its user, thread and run.</param>
/// <param name="AgentName">Its agent.</param>
/// <param name="Depth">How many runs are above it.</param>
/// <param name="Token">Fires when it is cancelled or over.</param>
internal sealed record ParentRun(UserExecutionContext Context, string AgentName, int Depth, CancellationToken Token);
