using System.Text.Json.Nodes;

namespace Netra.Pipeline.Server.Demo.Planning;

/// <summary>One step of a plan.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Arguments">With what; the tool's arguments where it calls one.</param>
/// <param name="Why">The reason in words; the user is shown it as the agent's thought.</param>
internal sealed record PlanStep(StepKind Kind, JsonObject Arguments, string Why);
