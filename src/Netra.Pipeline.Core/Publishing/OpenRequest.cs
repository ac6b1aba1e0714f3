namespace Netra.Pipeline.Publishing;

/// <summary>
/// One request of many events, as long as it is open. Its own loop touches it; other threads read its silence and ask it to end. The lock
/// keeps it from being asked after it is closed: Kestrel reuses the objects behind a request.
/// </summary>
internal sealed class OpenRequest(OpenRequests requests, string publisherId, Action ask, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private bool _isClosed;
    private long _heardAt = time.GetTimestamp();
    private volatile bool _isAsked;

    /// <summary>Whose it is.</summary>
    public string PublisherId => publisherId;

    /// <summary>Whether it only reads, and so is never silent.</summary>
    public bool KeepsReading { get; set; }

    /// <summary>How long ago it has sent something, or was found to have an open run.</summary>
    public TimeSpan Silence => KeepsReading ? TimeSpan.Zero : time.GetElapsedTime(Volatile.Read(ref _heardAt));

    /// <summary>It has sent something, or has an open run.</summary>
    public void Touch() => Volatile.Write(ref _heardAt, time.GetTimestamp());

    /// <summary>Asks it to end unless one of its runs is open.</summary>
    public void AskToEnd()
    {
        lock (_gate)
        {
            if (!_isClosed)
            {
                _isAsked = true;
                ask();
            }
        }
    }

    /// <summary>Whether it was asked to end since the last call.</summary>
    public bool TakeAskedToEnd()
    {
        var isAsked = _isAsked;
        _isAsked = false;
        return isAsked;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
        }

        requests.Close(this);
    }
}
