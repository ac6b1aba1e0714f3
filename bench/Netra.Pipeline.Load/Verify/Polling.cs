namespace Netra.Pipeline.Load.Verify;

/// <summary>Asks again and again for what the server brings about in its own time. Gives up with the check.</summary>
internal static class Polling
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <param name="problemAsync">What is still wrong; null when nothing is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CheckFailedException">It was still wrong when it was given up.</exception>
    public static async Task UntilRightAsync(Func<Task<string?>> problemAsync, CancellationToken cancellationToken)
    {
        string? problem = null;
        try
        {
            while ((problem = await problemAsync()) is not null)
            {
                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
            }
        }
        catch (OperationCanceledException exception) when (problem is not null)
        {
            throw new CheckFailedException(problem, exception);
        }
    }
}
