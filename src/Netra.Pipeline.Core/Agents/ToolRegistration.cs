namespace Netra.Pipeline.Agents;

/// <summary>Says that a type is a tool of this host. Found in the service collection by the wiring check.</summary>
/// <param name="Type">A class that implements <see cref="ITool"/>.</param>
public sealed record ToolRegistration(Type Type);
