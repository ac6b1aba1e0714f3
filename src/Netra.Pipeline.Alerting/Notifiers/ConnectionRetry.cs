using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>
/// Tries a connection that fails twice more, almost at once: nothing has been sent by then, so nothing is received twice. After other
/// failures the outbox tries again. Safe from any thread.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="isUnconnected">Whether an exception says that there is no connection.</param>
internal sealed class ConnectionRetry(TimeProvider time, Func<Exception, bool> isUnconnected)
{
    private const int Tries = 3;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>Tries, and throws what the last try threw.</summary>
    public Task RunAsync(Func<CancellationToken, Task> connect, CancellationToken cancellationToken) => RunAsync<object?>(
        async token =>
        {
            await connect(token);
            return null;
        },
        cancellationToken);

    /// <inheritdoc cref="RunAsync(Func{CancellationToken, Task}, CancellationToken)"/>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> connect, CancellationToken cancellationToken)
    {
        for (var tried = 1; ; tried++)
        {
            try
            {
                return await connect(cancellationToken);
            }
            catch (Exception exception) when (tried < Tries && isUnconnected(exception))
            {
                // Tried again below.
            }

            await Task.Delay(RetryPause.After(FirstPause, LongestPause, tried - 1, Random.Shared.NextDouble()), time, cancellationToken);
        }
    }
}
