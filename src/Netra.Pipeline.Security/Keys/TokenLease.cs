using Netra.Pipeline.Connections;

namespace Netra.Pipeline.Security.Keys;

/// <summary>A token while a request of it is open: the request ends with it. Safe from any thread.</summary>
internal sealed class TokenLease : IDisposable
{
    private readonly CancellationTokenSource _end;
    private readonly Action<TokenLease> _forget;

    /// <param name="identity">Whom the token names, and until when.</param>
    /// <param name="time">The clock.</param>
    /// <param name="forget">Is told when the request is over.</param>
    public TokenLease(ConnectionIdentity identity, TimeProvider time, Action<TokenLease> forget)
    {
        (Identity, _forget) = (identity, forget);

        // A timer's longest time; what lives longer is looked at by nobody before.
        var left = identity.ExpiresAt is { } end ? end - time.GetUtcNow() : TimeSpan.MaxValue;
        _end = left < TimeSpan.FromDays(40)
            ? new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, time)
            : new CancellationTokenSource();
    }

    public ConnectionIdentity Identity { get; }

    /// <summary>Fires when it has ended, or is revoked.</summary>
    public CancellationToken Ended => _end.Token;

    /// <summary>It is over.</summary>
    public void End() => _ = _end.CancelAsync();

    public void Dispose()
    {
        _forget(this);
        _end.Dispose();
    }
}
