using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Connections;

/// <summary>
/// What one connection is to write next, whatever carries it: the welcome first, then what has no number (a ping, answers, errors), then
/// what a page holds, then what is queued. It is the last place before the
/// transport, so the owner's tag is checked here. Used by the connection's writer alone.
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

    /// <summary>Whether something waits, or is to be read.</summary>
    public bool HasWork => !_queue.IsEmpty || _subscription.HasPages || _pageIndex < _page.Count;

    /// <summary>Whether what was missed is to be read, once there is nothing to take.</summary>
    public bool HasPages => _subscription.HasPages && !connection.IsEnded;

    /// <summary>
    /// Whether frames may be written still. A page that the server leaves gets what is queued for it first: the end of a run
    /// that the stop cancelled is among it.
    /// </summary>
    public bool MayWrite => !connection.IsEnded || connection.EndReason == ConnectionEndReason.ServerShutdown;

    /// <summary>Whether a sign of life is to be asked for before the next frame. Nothing comes before the welcome.</summary>
    public bool TryTakePing() => _isWelcomed && _queue.TryTakePing();

    /// <summary>Takes the next frame. An event of somebody else ends the connection instead.</summary>
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
    /// What was written is with the transport. The oldest event's latency stands for all that were flushed with it:
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

    /// <summary>Reads more of what was missed.</summary>
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
            // Whatever the log raises is no fault of the peer, even where it looks like one: an IOException here is a disk, not a socket.
            connection.OnReadFailed(exception);
        }
    }

    // A message in a page that takes numbers away says that they will not come.
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

        // The stream filled the page when the queue was empty and it handed nothing to it, so the page is older
        // than whatever is queued now.
        if (_pageIndex < _page.Count)
        {
            frame = _page[_pageIndex++];
            if (_pageIndex == _page.Count)
            {
                // Or an idle connection would hold on to the events of its last page.
                _page.Clear();
                _pageIndex = 0;
            }

            return true;
        }

        return _queue.TryDequeue(out frame);
    }
}
