namespace Netra.Pipeline.Events;

/// <summary>What a run's beginning says of it, to be found again after a restart.</summary>
/// <param name="AgentName">The agent that runs, if it is named.</param>
/// <param name="Lease">For how long the run may say nothing; zero when it declares nothing.</param>
public sealed record RunDeclaration(string? AgentName, TimeSpan Lease);
