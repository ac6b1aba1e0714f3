namespace Netra.Pipeline.Agents;

/// <summary>Says that a type is an agent of this host. Found in the service collection by the wiring check.</summary>
/// <param name="Type">A class that implements <see cref="IAgent"/>.</param>
public sealed record AgentRegistration(Type Type);
