namespace Netra.Pipeline.Load.Verify;

/// <summary>Does two things at once, and leaves neither behind.</summary>
internal static class Together
{
    /// <summary>Runs both. When one fails, the other is cancelled, and the failure of the first one to fail comes out.</summary>
    public static async Task RunAsync(
        Func<CancellationToken, Task> one, Func<CancellationToken, Task> other, CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] both = [one(linked.Token), other(linked.Token)];
        var first = await Task.WhenAny(both);
        if (!first.IsCompletedSuccessfully)
        {
            await linked.CancelAsync();
        }

        await Task.WhenAll(both).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
        await Task.WhenAll(both);
    }
}
