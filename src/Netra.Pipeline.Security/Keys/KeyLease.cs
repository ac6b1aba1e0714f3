namespace Netra.Pipeline.Security.Keys;

/// <summary>A key while it is good. Requests that are open for long end with it. Safe from any thread.</summary>
/// <param name="key">The key.</param>
internal sealed class KeyLease(ApiKey key) : IDisposable
{
    private readonly CancellationTokenSource _end = new();

    public ApiKey Key { get; } = key;

    /// <summary>Fires when it has ended, or is revoked.</summary>
    public CancellationToken Ended => _end.Token;

    /// <summary>It is over. The requests' own code runs on other threads.</summary>
    public void End() => _ = _end.CancelAsync();

    public void Dispose() => _end.Dispose();
}
