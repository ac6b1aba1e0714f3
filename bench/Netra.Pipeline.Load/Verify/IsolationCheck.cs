namespace Netra.Pipeline.Load.Verify;

/// <summary>
/// A user sees nothing of another's events. What is published for the other one last comes first to that one's page, so nothing of
/// the first one is on its way any more.
/// </summary>
internal sealed class IsolationCheck(Deployment deployment) : Check("isolation")
{
    private const int Tokens = 20;

    public override async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        await using var page = await deployment.OpenPageAsync(cancellationToken);
        await using var other = await deployment.OpenOtherPageAsync(cancellationToken);
        if (page.Welcome.UserId == other.Welcome.UserId)
        {
            throw new CheckFailedException("both pages are of one user: give tokens of two (--user-token, --other-user-token)");
        }

        // Both runs have one name, so that nothing but the user tells them apart.
        var mine = new PublishedRun(deployment, page.Welcome.UserId, "isolation");
        await mine.StartAsync(cancellationToken);
        for (var i = 0; i < Tokens; i++)
        {
            await mine.TokenAsync(cancellationToken);
        }

        await mine.CompleteAsync(cancellationToken);
        await ExpectAsync(page, mine, cancellationToken);

        var theirs = new PublishedRun(deployment, other.Welcome.UserId, "isolation");
        await theirs.StartAsync(cancellationToken);
        await theirs.CompleteAsync(cancellationToken);
        await ExpectAsync(other, theirs, cancellationToken);
        return $"{mine.Receipts.Count} events of one user, none of them seen by the other";
    }

    private static async Task ExpectAsync(Page page, PublishedRun run, CancellationToken cancellationToken)
    {
        foreach (var receipt in run.Receipts)
        {
            var message = await page.ReadEventAsync(run.RunId, cancellationToken);
            if (message.Id != receipt.Id)
            {
                throw new CheckFailedException(
                    $"the page of {page.Welcome.UserId} was sent {message.Type} {message.Id}; {receipt.Id} was to come");
            }
        }

        await page.AcknowledgeAsync(cancellationToken);
    }
}
