namespace Netra.Pipeline.Load.Verify;

/// <summary>What an event costs: how long its publisher waits for the receipt, and how long until the page has it.</summary>
internal sealed class OverheadCheck(Deployment deployment, VerifyOptions options) : Check("overhead")
{
    private static readonly TimeSpan Goal = TimeSpan.FromMilliseconds(50);

    public override async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        await using var page = await deployment.OpenPageAsync(cancellationToken);
        var run = new PublishedRun(deployment, page.Welcome.UserId, "overhead");
        var receipts = new List<TimeSpan>(options.Events);
        var arrivals = new List<TimeSpan>(options.Events);
        await run.StartAsync(cancellationToken);
        await page.ReadEventAsync(run.RunId, cancellationToken);
        for (var i = 0; i < options.Events; i++)
        {
            var begun = TimeProvider.System.GetTimestamp();
            await Together.RunAsync(
                async token => arrivals.Add(await TimeAsync(page.ReadEventAsync(run.RunId, token), begun)),
                async token => receipts.Add(await TimeAsync(run.TokenAsync(token), begun)),
                cancellationToken);
        }

        await run.CompleteAsync(cancellationToken);
        await page.ReadEventAsync(run.RunId, cancellationToken);
        await page.AcknowledgeAsync(cancellationToken);
        return Judge(receipts, arrivals);
    }

    private static async Task<TimeSpan> TimeAsync(Task work, long begun)
    {
        await work;
        return TimeProvider.System.GetElapsedTime(begun);
    }

    private static double Percentile(List<TimeSpan> times, double share)
    {
        times.Sort();
        return times[(int)Math.Ceiling(share * times.Count) - 1].TotalMilliseconds;
    }

    private string Judge(List<TimeSpan> receipts, List<TimeSpan> arrivals)
    {
        var mean = TimeSpan.FromTicks((long)receipts.Average(static time => time.Ticks));
        var figures = $"{receipts.Count} events: receipts {mean.TotalMilliseconds:F1} ms on average, "
            + $"p99 {Percentile(receipts, 0.99):F1} ms; "
            + $"publish to receive p50 {Percentile(arrivals, 0.5):F1} ms, p99 {Percentile(arrivals, 0.99):F1} ms";
        return mean <= options.MaxReceipt
            ? $"{figures} ({(mean <= Goal ? "within" : "above")} the goal of {Goal.TotalMilliseconds} ms)"
            : throw new CheckFailedException(
                $"{figures}; a receipt may take {options.MaxReceipt.TotalMilliseconds} ms on average (--max-receipt-ms)");
    }
}
