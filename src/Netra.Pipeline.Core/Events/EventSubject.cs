namespace Netra.Pipeline.Events;

/// <summary>What a lifecycle event says that the flow of its run depends on.</summary>
/// <param name="Name">The agent or the tool; null where the type has neither.</param>
/// <param name="CallId">The call, if the event names it.</param>
/// <param name="Lease">For how long the run may say nothing; zero when it does not say.</param>
/// <param name="Attempt">The attempt of the run that it begins, as it says itself; 0 when it does not say.</param>
internal readonly record struct EventSubject(string? Name, string? CallId = null, TimeSpan Lease = default, int Attempt = 0);

/// <summary>What a run's beginning says of it, to be found again after a restart.</summary>
/// <param name="AgentName">The agent that runs, if it is named.</param>
/// <param name="Lease">For how long the run may say nothing; zero when it declares nothing.</param>
public sealed record RunDeclaration(string? AgentName, TimeSpan Lease)
{
    /// <summary>
    /// What the agent was asked, with which another process can start it again when the run waits; null for one that cannot be.
    /// </summary>
    public ReadOnlyMemory<byte>? Input { get; init; }
}
