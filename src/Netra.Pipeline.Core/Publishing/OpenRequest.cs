namespace Netra.Pipeline.Publishing;

/// <summary>
/// One request of many events, as long as it is open. Its own loop touches it; anybody may look at its silence, and ask it to end. The lock
/// keeps it from being asked when it is closed: Kestrel uses what is behind a request again.
/// </summary>
internal sealed class OpenRequest(OpenRequests requests, Action ask, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private bool _isClosed;
    private long _heardAt = time.GetTimestamp();
    private volatile bool _isAsked;

    /// <summary>For how long it has sent nothing, or has been found to feed a run.</summary>
    public TimeSpan Silence => time.GetElapsedTime(Volatile.Read(ref _heardAt));

    /// <summary>Something came, or it feeds a run.</summary>
    public void Touch() => Volatile.Write(ref _heardAt, time.GetTimestamp());

    /// <summary>Asks it to end unless it feeds a run.</summary>
    public void Ask()
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

    /// <summary>Whether it was asked since it was looked at last.</summary>
    public bool TakeAsked()
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
