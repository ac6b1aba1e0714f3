using System.Globalization;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Alerting;

/// <summary>
/// The table of alerts in docs/operations.md against the rules. Where they differ, the test prints the rows as they should be.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class AlertsTableTests
{
    [Test]
    public void Table_AgainstTheRules_HasEachAsItIs()
        => OperationsDocument.ShouldHave(
            "| rule | severity | signal and threshold | for | what it means | what to do |", [.. new AlertRules().All.Select(RowOf)]);

    private static string RowOf(AlertRule rule)
        => $"| `{rule.Name}` | {AlertNames.Of(rule.Severity)} | {ConditionOf(rule)} | {DurationOf(rule.For)} "
            + $"| {rule.Summary} | {rule.Description} |";

    private static string ConditionOf(AlertRule rule)
    {
        var label = rule switch
        {
            { LabelName: null } => string.Empty,
            { LabelValue: null } => $"{{{rule.LabelName}}}",
            _ => $"{{{rule.LabelName}={rule.LabelValue}}}",
        };
        var over = rule.ClearThreshold == rule.Threshold ? string.Empty : string.Create(
            CultureInfo.InvariantCulture, $", over at {rule.ClearThreshold}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"`{rule.Signal}{label}` {AlertNames.Of(rule.Comparison).Replace('_', ' ')} {rule.Threshold}{over}");
    }

    private static string DurationOf(TimeSpan duration)
        => duration == TimeSpan.Zero ? "–" : string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds} s");
}
