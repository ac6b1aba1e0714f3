namespace Netra.Pipeline.Load.Verify;

/// <summary>The five lifecycle events arrive, in order, and are confirmed from end to end.</summary>
internal sealed class LifecycleCheck(Deployment deployment) : Check("lifecycle events")
{
    public override async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        await using var page = await deployment.OpenPageAsync(cancellationToken);
        var run = new PublishedRun(deployment, page.Welcome.UserId, "lifecycle");
        await run.StartAsync(cancellationToken);
        await run.ThinkAsync(cancellationToken);
        await run.UseToolAsync(cancellationToken);
        await run.CompleteAsync(cancellationToken);
        foreach (var receipt in run.Receipts)
        {
            var message = await page.ReadEventAsync(run.RunId, cancellationToken);
            if ((message.Id, message.Seq, message.Type) != (receipt.Id, receipt.Seq, receipt.Type))
            {
                throw new CheckFailedException(
                    $"{receipt.Type} was published as {receipt.Id}, but {message.Type} {message.Id} came in its place");
            }
        }

        await page.AcknowledgeAsync(cancellationToken);
        foreach (var receipt in run.Receipts)
        {
            await Polling.UntilRightAsync(() => ProblemOfAsync(receipt, cancellationToken), cancellationToken);
        }

        return $"{run.Receipts.Count} of {run.Receipts.Count} published, received in order and acknowledged";
    }

    private async Task<string?> ProblemOfAsync(Receipt receipt, CancellationToken cancellationToken)
    {
        var trace = await deployment.GetAsync($"/v1/events/{receipt.Id}/trace", cancellationToken);
        var state = trace.GetProperty("state").GetString();
        return state == "acknowledged" ? null : $"{receipt.Type} was acknowledged, but its trace says {state}";
    }
}
