using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Connections;

/// <summary>
/// What one connection writes next, over any transport: the welcome first, then frames without a number (pings, answers, errors), then the
/// page of missed events, then the queue. It is the last place before the transport, so the owner's tag is checked here. Used by the
/// connection's writer alone.
/// </summary>
internal sealed class FrameSource(Connection connection, ConnectionOptions options)
{
    private readonly SendQueue _queue = connection.Queue;
    private readonly StreamSubscription _subscription = connection.Subscription;
    private readonly List<SendFrame> _page = [];
    private int _pageIndex;
    private long _oldestAcceptedAt;
    private int _unflushed;
    private int _unflushedLive;
    private bool _isWelcomed;
    private bool _hasGap;
    private long _replayBegun;

    /// <summary>Whether something waits to be written, or to be read from the stream.</summary>
    public bool HasWork => !_queue.IsEmpty || _subscription.HasPages || _pageIndex < _page.Count;

    /// <summary>Whether missed events are to be read, once nothing waits to be written.</summary>
    public bool HasPages => _subscription.HasPages && !connection.IsEnded;

    /// <summary>
    /// Whether frames may still be written. When the server stops, a page first gets what is queued for it: the end of a run that the stop
    /// cancelled is among it.
    /// </summary>
    public bool MayWrite => !connection.IsEnded || connection.EndReason == ConnectionEndReason.ServerShutdown;

    /// <summary>Whether a ping is to be sent before the next frame. Nothing comes before the welcome.</summary>
    public bool TryTakePing() => _isWelcomed && _queue.TryTakePing();

    /// <summary>Takes the next frame. Another user's event ends the connection instead.</summary>
    public bool TryTake(out SendFrame frame)
    {
        if (!TryTakeNext(out frame))
        {
            return false;
        }

        if (frame.IsEvent && OwnerTag.Read(frame.Buffer) != connection.OwnerTag)
        {
            connection.OnIsolationViolation(frame);
            return false;
        }

        return true;
    }

    /// <summary>
    /// A frame is handed to the transport; the flush that carries it comes later, so the client cannot have answered yet.
    /// </summary>
    public void OnWritten(in SendFrame frame)
    {
        if (frame.Kind == SendFrameKind.Event)
        {
            _subscription.LastWritten = frame.Seq;
            _unflushed++;
            if (frame.AcceptedAt != 0 && _unflushedLive++ == 0)
            {
                _oldestAcceptedAt = frame.AcceptedAt;
            }
        }

        if (frame.Seq > _subscription.LastTold)
        {
            _subscription.LastTold = frame.Seq;
        }
    }

    /// <summary>
    /// The written frames are with the transport. The oldest event's latency stands for all that were flushed with it:
    /// none of them took longer.
    /// </summary>
    public void OnFlushed()
    {
        if (_unflushed > 0)
        {
            connection.OnDelivered(_unflushed, _unflushedLive, _oldestAcceptedAt);
            (_unflushed, _unflushedLive) = (0, 0);
        }

        connection.Stream.Stages.OnWritten();
    }

    /// <summary>Reads more of the missed events.</summary>
    public async ValueTask FillPageAsync()
    {
        _replayBegun = _replayBegun == 0 ? connection.Timestamp() : _replayBegun;
        try
        {
            await connection.Stream.Pages.FillAsync(_subscription, _page, options.BatchBytes);
            Measure();
        }
        catch (Exception exception)
        {
            // An exception of the log is never the peer's fault, even where it looks like one: an IOException here is a disk, not a socket.
            connection.OnReadFailed(exception);
        }
    }

    // A numbered message in a page that is not an event is a gap: those numbers will not come.
    private void Measure()
    {
        _hasGap |= _page.Exists(static frame => !frame.IsEvent && frame.Seq > 0);
        if (!_subscription.HasPages)
        {
            connection.OnReplayed(_replayBegun, isComplete: !_hasGap);
            (_replayBegun, _hasGap) = (0, false);
        }
    }

    private bool TryTakeUnnumbered(out SendFrame frame)
    {
        frame = default;
        if (_queue.TryTakePagePing(out var ts))
        {
            frame = SendFrame.ForMessage(ServerMessageWriter.Ping(ts));
        }
        else if (_queue.TryDequeueControl(out var message))
        {
            frame = SendFrame.ForMessage(message);
        }
        else if (_queue.TryDequeueError(out var error))
        {
            frame = SendFrame.ForMessage(ServerMessageWriter.Error(error));
        }

        return frame.Buffer is not null;
    }

    private bool TryTakeNext(out SendFrame frame)
    {
        if (!_isWelcomed)
        {
            _isWelcomed = _queue.TryDequeue(out frame);
            return _isWelcomed;
        }

        if (TryTakeUnnumbered(out frame))
        {
            return true;
        }

        // The stream filled the page when the queue was empty and added nothing to the queue, so the page is older than anything queued
        // now.
        if (_pageIndex < _page.Count)
        {
            frame = _page[_pageIndex++];
            if (_pageIndex == _page.Count)
            {
                // Otherwise an idle connection would hold on to the events of its last page.
                _page.Clear();
                _pageIndex = 0;
            }

            return true;
        }

        return _queue.TryDequeue(out frame);
    }
}
