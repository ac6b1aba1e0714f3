namespace Netra.Pipeline.Connections;

/// <summary>
/// How long the text of one connection may wait for more of it (<c>Netra:Streams:TokenWindow</c>). One timer for the connection, set once
/// for each window and never for a single event; when it comes, whatever waits has waited long enough.
/// </summary>
/// <remarks>The connection's writer begins it and asks; the timer comes in parallel, and wakes the writer.</remarks>
internal sealed class TokenWindow(TimeProvider time, TimeSpan length, Action wake)
{
    private ITimer? _timer;
    private volatile bool _isRunning;
    private volatile bool _isOver;

    /// <summary>Whether it has ended and nobody has asked since.</summary>
    public bool IsOver => _isOver;

    /// <summary>Whether it has ended since the last time that this was asked.</summary>
    public bool TakeOver()
    {
        if (!_isOver)
        {
            return false;
        }

        _isOver = false;
        return true;
    }

    /// <summary>Lets it run, if it does not yet.</summary>
    /// <returns>True: what waits now will be told when it is over.</returns>
    public bool Begin()
    {
        if (!_isRunning)
        {
            _isRunning = true;
            _timer ??= time.CreateTimer(
                static window => ((TokenWindow)window!).End(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(length, Timeout.InfiniteTimeSpan);
        }

        return true;
    }

    // In this order: a writer that still sees it running sees that it is over, or is woken by it.
    private void End()
    {
        _isRunning = false;
        _isOver = true;
        wake();
    }
}
