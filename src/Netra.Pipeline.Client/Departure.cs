using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>
/// What a server that is about to stop asks of one connection (docs/protocol.md, section 7.1): to stay until there is another server, to
/// look for it when the time has come, and to go there.
/// </summary>
/// <param name="options">The client's.</param>
/// <param name="isReady">Whether a server takes connections now.</param>
/// <param name="go">Ends the connection: there is another server.</param>
internal sealed class Departure(EventClientOptions options, Func<CancellationToken, Task<bool>> isReady, Action<string> go)
{
    private readonly Signal _changed = new();
    private readonly Lock _gate = new();
    private (long DueAt, string Reason)? _asked;

    /// <summary>
    /// How long the server wants this client to wait before it connects again; null where it has not asked, or that is over.
    /// </summary>
    public TimeSpan? Left
    {
        get
        {
            lock (_gate)
            {
                return _asked is { } asked && LeftUntil(asked.DueAt) is { Ticks: > 0 } left ? left : null;
            }
        }
    }

    /// <summary>The last time that it is asked counts.</summary>
    public void Ask(ReconnectMessage message)
    {
        var dueAt = options.Time.GetTimestamp()
            + (long)(Math.Min(message.AfterMs, TimeSpan.FromDays(1).TotalMilliseconds) / 1000.0 * options.Time.TimestampFrequency);
        Change((dueAt, message.Reason));
    }

    public void Stay() => Change(null);

    /// <summary>Looks for another server whenever it is asked to, until the connection ends.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _changed.WaitAsync(cancellationToken);
            for (var tries = 0; ; tries++)
            {
                if (Asked is not { } asked)
                {
                    tries = 0;
                    await _changed.WaitAsync(cancellationToken);
                }
                else if (LeftUntil(asked.DueAt) is { Ticks: > 0 } left)
                {
                    tries = 0;
                    await _changed.WaitAsync(left, options.Time, cancellationToken);
                }
                else if (await isReady(cancellationToken))
                {
                    if (Asked == asked)
                    {
                        go(asked.Reason);
                        return;
                    }
                }
                else
                {
                    var pause = Backoff.After(options.FirstPause, options.LongestPause, tries, Random.Shared.NextDouble());
                    await _changed.WaitAsync(pause, options.Time, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The connection has ended.
        }
    }

    private (long DueAt, string Reason)? Asked
    {
        get
        {
            lock (_gate)
            {
                return _asked;
            }
        }
    }

    private TimeSpan LeftUntil(long dueAt) => options.Time.GetElapsedTime(options.Time.GetTimestamp(), dueAt);

    private void Change((long DueAt, string Reason)? asked)
    {
        lock (_gate)
        {
            _asked = asked;
        }

        _changed.Set();
    }
}
