namespace Netra.Pipeline.Security.Tokens;

/// <summary>
/// Where keys come from that may change: asked when a token names an unknown one, but not more often than every few seconds, and again
/// after a while. What is known goes on where the source cannot be asked. Safe to use from any thread; one question at a time.
/// </summary>
/// <param name="fetch">Asks the source.</param>
/// <param name="freshFor">After so long it is asked again, so that a key that was taken back goes.</param>
/// <param name="time">The clock.</param>
/// <param name="told">Is told what was raised when it could not be asked.</param>
internal sealed class KeySource(
    Func<CancellationToken, Task<KeySet>> fetch, TimeSpan freshFor, TimeProvider time, Action<Exception> told)
{
    /// <summary>Not more often than this, whatever tokens say: anybody can send a token that names an unknown key.</summary>
    public static readonly TimeSpan FewestBetween = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private KeySet? _known;
    private long? _askedAt;
    private long _knownAt;
    private Task? _asking;

    /// <summary>The keys to check a token with.</summary>
    /// <param name="keyId">The key that it names; null for none.</param>
    /// <param name="waits">Whether to wait for the source where it may know the key; otherwise it is asked all the same.</param>
    /// <param name="cancellationToken">Cancels waiting for the source.</param>
    /// <returns>The keys that are known; null where none ever were.</returns>
    public async ValueTask<KeySet?> GetAsync(string? keyId, bool waits, CancellationToken cancellationToken)
    {
        Task? asking = null;
        bool suffices;
        lock (_gate)
        {
            suffices = _known?.Knows(keyId) == true;
            if ((!suffices || time.GetElapsedTime(_knownAt) >= freshFor)
                && (_asking is not null || _askedAt is not { } asked || time.GetElapsedTime(asked) >= FewestBetween))
            {
                if (_asking is null)
                {
                    _askedAt = time.GetTimestamp();
                    _asking = Task.Run(AskAsync, CancellationToken.None);
                }

                asking = _asking;
            }
        }

        if (!suffices && waits && asking is not null)
        {
            await asking.WaitAsync(cancellationToken);
        }

        lock (_gate)
        {
            return _known;
        }
    }

    private async Task AskAsync()
    {
        try
        {
            using var timeout = new CancellationTokenSource(Patience, time);
            var found = await fetch(timeout.Token);
            lock (_gate)
            {
                (_known, _knownAt) = (found, time.GetTimestamp());
            }
        }
        catch (Exception exception)
        {
            told(exception);
        }
        finally
        {
            lock (_gate)
            {
                _asking = null;
            }
        }
    }
}
