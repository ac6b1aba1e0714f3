namespace Netra.Pipeline.Tests.Crash;

/// <summary>
/// One life of the server as its clients see it: where it listens, and whether being cut off is what a client must
/// expect. Safe for any number of threads.
/// </summary>
internal sealed class ServerLife(int port, int number) : IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private volatile bool _isEnding;

    public int Port => port;

    /// <summary>Which life it is, from 1.</summary>
    public int Number => number;

    /// <summary>Cancelled when clients are to come to rest.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>Whether the server may be gone. It is said before the kill: until then, whoever is cut off has found a fault.</summary>
    public bool IsEnding => _isEnding;

    public void BeginEnd() => _isEnding = true;

    public Task EndAsync() => _over.CancelAsync();

    public void Dispose() => _over.Dispose();
}
