using Netra.Pipeline.Failures;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Failures;

/// <summary>
/// The table of log prefixes in docs/operations.md against the codes. Where they differ, the test prints the rows as they should be.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class LogPrefixesTableTests
{
    [Test]
    public void Table_AgainstTheCodes_HasEachPrefix()
    {
        var rows = Enum.GetValues<FailureCode>().Select(FailureCodes.Describe)
            .Where(static info => info.LogPrefix is not null)
            .GroupBy(static info => (info.LogPrefix, info.Severity))
            .Select(static group => $"| `{group.Key.LogPrefix}` | {string.Join(", ", group.Select(static info => $"`{info.WireName}`"))} | "
                + $"{(group.Key.Severity == FailureSeverity.Critical ? "CRITICAL" : "ERROR")} |");

        OperationsDocument.ShouldHave("| prefix | codes | level |", [.. rows]);
    }
}
