namespace Netra.Pipeline.Agents;

/// <summary>An agent or a tool that could be made.</summary>
/// <param name="Part">The instance.</param>
/// <param name="Type">The type it is registered under.</param>
/// <param name="Name">What it calls itself; whether that is a valid name is another question.</param>
internal sealed record WiredPart<T>(T Part, Type Type, string? Name);
