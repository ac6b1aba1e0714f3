namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>What came of a row.</summary>
/// <param name="Harm">The row.</param>
/// <param name="Complaints">What must not have been; nothing when nobody was hurt.</param>
/// <param name="Figures">What was measured.</param>
internal sealed record HarmReport(Harm Harm, IReadOnlyList<string> Complaints, IReadOnlyList<string> Figures)
{
    public override string ToString()
        => $"{Harm.Name}: {(Complaints.Count == 0 ? "held" : "FAILED: " + string.Join(" | ", Complaints))} [{string.Join(", ", Figures)}]";
}
