namespace Netra.Pipeline.Load.Verify;

/// <summary>Nothing is lost and nothing doubled when the socket is cut in the middle of a run, and the ledger adds up afterwards.</summary>
internal sealed class CompletenessCheck(Deployment deployment, VerifyOptions options) : Check("completeness")
{
    public override async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        await using var first = await deployment.OpenPageAsync(cancellationToken);
        var run = new PublishedRun(deployment, first.Welcome.UserId, "completeness");
        var received = new List<string>();
        await Together.RunAsync(token => ReceiveAsync(first, run, received, token), token => PublishAsync(run, token), cancellationToken);
        if (!received.SequenceEqual(run.Receipts.Select(static receipt => receipt.Id)))
        {
            throw new CheckFailedException(
                $"{run.Receipts.Count} events were published, but {received.Count} others, or in another order, were received");
        }

        await Polling.UntilRightAsync(() => ProblemOfLedgerAsync(first.Welcome.UserId, cancellationToken), cancellationToken);
        return $"{received.Count} events over a socket that was cut at {options.Events / 3}: none lost, none doubled, unaccounted 0";
    }

    private async Task ReceiveAsync(Page first, PublishedRun run, List<string> received, CancellationToken cancellationToken)
    {
        // Some of what was processed is not acknowledged, and some of what is on its way will not be read.
        for (var i = 0; i < options.Events / 3; i++)
        {
            received.Add((await first.ReadEventAsync(run.RunId, cancellationToken)).Id);
            if (i == options.Events / 6)
            {
                await first.AcknowledgeAsync(cancellationToken);
            }
        }

        first.Drop();
        await using var second = await deployment.ReopenAsync(first, cancellationToken);
        while (received.Count < options.Events + 2)
        {
            received.Add((await second.ReadEventAsync(run.RunId, cancellationToken)).Id);
        }

        await second.AcknowledgeAsync(cancellationToken);
    }

    private async Task PublishAsync(PublishedRun run, CancellationToken cancellationToken)
    {
        await run.StartAsync(cancellationToken);
        for (var i = 0; i < options.Events; i++)
        {
            await run.TokenAsync(cancellationToken);
        }

        await run.CompleteAsync(cancellationToken);
    }

    private async Task<string?> ProblemOfLedgerAsync(string userId, CancellationToken cancellationToken)
    {
        foreach (var path in new[] { $"/v1/ledger?user_id={Uri.EscapeDataString(userId)}", "/v1/ledger" })
        {
            var ledger = await deployment.GetAsync(path, cancellationToken);
            if (ledger.GetProperty("unaccounted").GetInt64() != 0)
            {
                return $"the ledger does not add up: GET {path} says {ledger}";
            }
        }

        return null;
    }
}
