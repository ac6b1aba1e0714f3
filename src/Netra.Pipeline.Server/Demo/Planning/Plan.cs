namespace Netra.Pipeline.Server.Demo.Planning;

/// <summary>What the demo agent will do for a question.</summary>
/// <param name="Steps">The steps in their order; never empty.</param>
/// <param name="LeftOut">How many steps the question asked for beyond <see cref="Planner.MaxSteps"/>; the answer says so.</param>
internal sealed record Plan(IReadOnlyList<PlanStep> Steps, int LeftOut);
