namespace Netra.Pipeline.Alerting;

/// <summary>A level that is told of a rule's incidents at once, whatever the step's delay.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Level">Who is told.</param>
public sealed record AlwaysInform(string Rule, EscalationLevel Level);
