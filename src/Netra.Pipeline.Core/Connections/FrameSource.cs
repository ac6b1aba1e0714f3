using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Connections;

/// <summary>
/// What one connection writes next, over any transport: the welcome first, then frames without a number (pings, answers, errors), then the
/// page of missed events, then the queue. It is the last place before the transport, so the owner's tag is checked here, and pieces of text
/// are joined for a client that asked for it. Used by the connection's writer alone.
/// </summary>
/// <param name="connection">The connection.</param>
/// <param name="options">Its limits.</param>
/// <param name="joiner">Joins pieces of text; null for a client that did not ask for it.</param>
internal sealed class FrameSource(Connection connection, ConnectionOptions options, FrameJoiner? joiner)
{
    // A page of short texts becomes one small frame, so it is larger, to be worth the way to the log and back.
    private const int JoinedPageBytes = 64 * 1024;

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
    private long _held;
    private volatile bool _isResting;

    // How many events the frame that was taken last stands for.
    private int _taken = 1;

    /// <summary>
    /// Whether something waits to be written, or to be read from the stream. Text that waits for more of it is no work, and neither is what
    /// waits for the welcome, which has the writer woken.
    /// </summary>
    public bool HasWork => (_isWelcomed || _queue.Count > 0)
        && (!_queue.IsEmpty || MayRead || _pageIndex < _page.Count || joiner is { HasWork: true });

    /// <summary>Whether missed events are to be read, once nothing waits to be written.</summary>
    public bool HasPages => MayRead && !connection.IsEnded;

    // Where its user has read much of the past, it rests between two pages; what is queued goes on.
    private bool MayRead => _subscription.HasPages && !_isResting;

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
        if (joiner is not null && _isWelcomed)
        {
            return TryTakeJoined(joiner, out frame);
        }

        return TryTakeNext(out frame) && CheckOwner(frame);
    }

    /// <summary>
    /// A frame is handed to the transport; the flush that carries it comes later, so the client cannot have answered yet.
    /// </summary>
    public void OnWritten(in SendFrame frame)
    {
        if (frame.Kind == SendFrameKind.Event)
        {
            _subscription.LastWritten = frame.Seq;
            _unflushed += _taken;
            if (frame.AcceptedAt != 0)
            {
                _oldestAcceptedAt = _unflushedLive == 0 ? frame.AcceptedAt : _oldestAcceptedAt;
                _unflushedLive += _taken;
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
            var bytes = joiner is null ? options.BatchBytes : Math.Max(options.BatchBytes, JoinedPageBytes);
            var rest = await connection.Stream.Pages.FillAsync(_subscription, _page, bytes);
            Hold();
            Measure();
            if (rest > TimeSpan.Zero && _subscription.HasPages)
            {
                // Not awaited: it cannot fail, and the writer goes on with what is queued.
                _isResting = true;
                _ = RestAsync(rest);
            }
        }
        catch (Exception exception)
        {
            // An exception of the log is never the peer's fault, even where it looks like one: an IOException here is a disk, not a socket.
            connection.OnReadFailed(exception);
        }
    }

    /// <summary>Nothing more will be taken: what has been read is let go of. Called once nothing writes any more.</summary>
    public void Discard() => Release();

    private async Task RestAsync(TimeSpan rest)
    {
        await connection.PauseAsync(rest);
        _isResting = false;
        _queue.Wake();
    }

    private void Hold()
    {
        var bytes = 0L;
        foreach (var frame in _page)
        {
            bytes += frame.Buffer.Length;
        }

        connection.Stream.Pages.Account.Hold(bytes - _held);
        _held = bytes;
    }

    private void Release()
    {
        _page.Clear();
        _pageIndex = 0;
        connection.Stream.Pages.Account.Hold(-_held);
        _held = 0;
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

        return TryTakeUnnumbered(out frame) || TryTakeNumbered(out frame);
    }

    private bool TryTakeNumbered(out SendFrame frame)
    {
        // The stream filled the page when the queue was empty and added nothing to the queue, so the page is older than anything queued
        // now.
        if (_pageIndex < _page.Count)
        {
            frame = _page[_pageIndex++];
            if (_pageIndex == _page.Count)
            {
                // Otherwise an idle connection would hold on to the events of its last page.
                Release();
            }

            return true;
        }

        return _queue.TryDequeue(out frame);
    }

    private bool IsOwn(in SendFrame frame) => !frame.IsEvent || OwnerTag.Read(frame.Buffer) == connection.OwnerTag;

    private bool CheckOwner(in SendFrame frame)
    {
        if (IsOwn(frame))
        {
            return true;
        }

        connection.OnIsolationViolation(frame);
        return false;
    }

    // Takes frames as long as they can be joined. One that cannot be is taken after what stands before it.
    private bool TryTakeJoined(FrameJoiner joiner, out SendFrame frame)
    {
        _taken = 1;
        if (TryTakeUnnumbered(out frame))
        {
            return true;
        }

        while (joiner.TryTakeAside(out frame) || TryTakeNumbered(out frame))
        {
            if (IsOwn(frame) && joiner.TryAdd(frame))
            {
                continue;
            }

            if (joiner.Count == 0)
            {
                return CheckOwner(frame);
            }

            joiner.SetAside(frame);
            return TakeJoined(joiner, out frame);
        }

        return joiner.Count > 0 && !MayWait(joiner) && TakeJoined(joiner, out frame);
    }

    // For what is still to be read, or for as long as the window lets text wait. Emitters that wait for room do not wait for that.
    private bool MayWait(FrameJoiner joiner)
    {
        if (!joiner.IsDelta || connection.IsEnded)
        {
            return false;
        }

        if (_subscription.HasPages)
        {
            return true;
        }

        var waits = joiner.MayWait();
        if (waits)
        {
            connection.Stream.Subscribers.OnDrained();
        }

        return waits;
    }

    private bool TakeJoined(FrameJoiner joiner, out SendFrame frame)
    {
        _taken = joiner.Count;
        frame = joiner.Take();
        return true;
    }
}
