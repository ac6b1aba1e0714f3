using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Faults;

/// <summary>
/// Spec T2, M2, A1: every fault of the catalogue, brought about in a running server, is raised or noticed within its window, alerted within
/// five seconds of that, visible at the endpoints, and over by itself when the cause is gone.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class FaultCatalogueTests
{
    private const int AlertSeconds = 5;

    [TestCaseSource(typeof(FaultCatalogue), nameof(FaultCatalogue.All))]
    public async Task Fault_BroughtAbout_IsNoticedAlertedVisibleAndOverByItself(Fault fault)
    {
        await using var bench = await FaultBench.StartAsync(fault);
        await bench.PassAsync(2);
        var before = bench.Pipeline.Failures.Total;

        await fault.Inject(bench);

        var (noticed, alerted) = (0, 0);
        for (var second = 0; alerted == 0 && second <= fault.Window + AlertSeconds + fault.Stride; second += fault.Stride)
        {
            noticed = noticed == 0 && IsReported(bench, fault, before) ? second + 1 : noticed;
            if (second > 0)
            {
                await bench.PassAsync(fault.Stride, fault.Stride);
                noticed = noticed == 0 && IsReported(bench, fault, before) ? second + 1 : noticed;
            }

            alerted = await bench.AlertAsync(fault.Alert, fault.Label) is { } alert && alert.Text("state") == "firing" ? second + 1 : 0;

            // Loops run beside each other: one may have reported between the two looks.
            noticed = noticed == 0 && IsReported(bench, fault, before) ? second + 1 : noticed;
        }

        Assert.That(
            alerted,
            Is.Positive,
            $"{fault.Alert} must fire; reported: "
            + $"{string.Join(", ", bench.Pipeline.Failures.Latest(10).Select(static f => $"{f.Code}: {f.Message}"))}");
        if (fault.Code is not null)
        {
            Assert.That(noticed, Is.InRange(1, fault.Window + 1 + fault.Stride), "it is raised or noticed in time");
            Assert.That(alerted - noticed, Is.LessThanOrEqualTo(AlertSeconds + fault.Stride - 1), "the alert comes within five seconds");
        }

        await IsVisibleAsync(bench, fault);
        await Eventually.BecomesTrueAsync(
            () => bench.Pager.Tried.Any(told => told.Notification.RuleName == fault.Alert || fault.Alert == "notification_failed"),
            "somebody was told");

        if (fault.Heal is not null)
        {
            await fault.Heal(bench);
        }

        var isOver = false;
        for (var second = 0; !isOver && second <= fault.Recovery; second += fault.Stride)
        {
            await bench.PassAsync(fault.Stride, fault.Stride);
            isOver = await bench.AlertAsync(fault.Alert, fault.Label) is not { } alert || alert.Text("state") == "resolved";
        }

        Assert.That(isOver, Is.True, $"{fault.Alert} is over by itself when the cause is gone");
    }

    [Test]
    public void Catalogue_HasAtLeastSixtyNamedFaults()
    {
        Assert.That(FaultCatalogue.All, Has.Count.GreaterThanOrEqualTo(60));
        Assert.That(FaultCatalogue.All.Select(static fault => fault.Name), Is.Unique);
    }

    [Test]
    public void Catalogue_StandsInTheOperationsManual()
    {
        var manual = File.ReadAllText(Repository.PathOf("docs/operations.md"));
        var missing = FaultCatalogue.Rows().Where(row => !manual.Contains(row, StringComparison.Ordinal)).ToList();
        Assert.That(missing, Is.Empty, $"rows that docs/operations.md lacks, as they must stand there:\n{string.Join('\n', missing)}");
    }

    private static bool IsReported(FaultBench bench, Fault fault, long before)
        => fault.Code is { } code && bench.Pipeline.Failures.Latest((int)Math.Min(1000, bench.Pipeline.Failures.Total - before))
            .Any(failure => failure.Code == code);

    private static async Task IsVisibleAsync(FaultBench bench, Fault fault)
    {
        var (_, status) = await bench.Host.Http.AskAsync("/monitoring/websocket/system/status");
        Assert.That(
            status.GetProperty("alerts")
                .EnumerateArray()
                .Any(alert => alert.Text("name") == fault.Alert && alert.Text("state") == "firing"),
            Is.True,
            "the status shows it");
        var (_, operations) = await bench.Host.Http.AskAsync("/monitoring/websocket/dashboard/websocket_operations");
        if (fault.Code is { } code)
        {
            Assert.That(
                operations.GetProperty("failures")
                    .EnumerateArray()
                    .Any(failure => failure.Text("code") == Pipeline.Failures.FailureCodes.WireName(code)),
                Is.True,
                "the dashboard shows the failure");
        }
    }
}
