namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// Waits for what another thread is about to bring about. It polls, since what is waited for has no signal, and
/// gives up after the patience of a client.
/// </summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    public static Task BecomesTrueAsync(Func<bool> condition, string what)
        => BecomesTrueAsync(() => ValueTask.FromResult(condition()), what);

    public static async Task BecomesTrueAsync(Func<ValueTask<bool>> condition, string what)
    {
        using var patience = new CancellationTokenSource(TestClient.Patience);
        while (!await condition())
        {
            if (patience.IsCancellationRequested)
            {
                throw new AssertionException($"It did not come to be that {what}.");
            }

            await Task.Delay(Pause, TimeProvider.System);
        }
    }
}
