namespace Netra.Pipeline.Server.Demo.Planning;

/// <summary>
/// Decides by rules, which anybody can read, what a question asks for. Each rule claims the words it understood; what remains is looked up
/// in the documentation. A pure function: the same question always gets the same plan.
/// </summary>
internal static class Planner
{
    public const int MaxSteps = 8;

    // Reading a question costs time in proportion to its length; beyond this it is not a question any more.
    private const int MaxQuestionLength = 4_000;

    public static Plan PlanFor(string question)
    {
        var text = new QuestionText(question.Length > MaxQuestionLength ? question[..MaxQuestionLength] : question);
        var steps = new List<(int Position, PlanStep Step)>();

        // From the most particular rule to the most general, since a claimed word is gone: "lines 10-20" is no subtraction.
        steps.AddRange(ReadRule.Apply(text));
        steps.AddRange(DeleteRule.Apply(text));
        steps.AddRange(CountRule.Apply(text));
        steps.AddRange(TimeRule.Apply(text));
        steps.AddRange(CalculateRule.Apply(text));
        steps.AddRange(ResearchRule.Apply(text));

        var ordered = steps.OrderBy(found => found.Position).Select(found => found.Step).ToList();
        if (ordered.Count == 0)
        {
            ordered.Add(new PlanStep(
                StepKind.Introduce, [], "The question names nothing I can calculate, look up or read, so I say what I can do."));
        }

        return new Plan([.. ordered.Take(MaxSteps)], Math.Max(0, ordered.Count - MaxSteps));
    }
}
