using System.Threading.Channels;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.EventStreams;

/// <summary>
/// Writes one event stream: what waits, up to a byte limit, and one flush for all of it. A loop rather than a work item, since the request
/// is parked in any case.
/// </summary>
/// <remarks>
/// Nothing but the loop touches the output. <see cref="Wake"/> may be called from any thread, under any lock; the loop continues on a
/// thread of the pool.
/// </remarks>
internal sealed class EventStreamWriter(
    EventStreamConnection connection,
    EventStreamTransport transport,
    FrameSource frames,
    ConnectionLiveness liveness,
    ConnectionOptions options)
{
    // One wake waits, however often it is asked for: the loop looks at everything that waits.
    private readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private EventStreamFormat? _format;
    private volatile bool _flushPending;

    /// <summary>Whether a flush waits for the peer to read.</summary>
    public bool IsFlushPending => _flushPending;

    /// <summary>Makes sure that waiting frames get written.</summary>
    public void Wake() => _wakes.Writer.TryWrite(true);

    /// <summary>Writes until the connection ends, and says goodbye if the peer can still be reached. Never throws.</summary>
    public async Task RunAsync()
    {
        try
        {
            await DrainAsync();
            while (!connection.IsEnded)
            {
                await _wakes.Reader.ReadAsync();
                await DrainAsync();
            }

            await SayGoodbyeAsync();
        }
        catch (Exception exception)
        {
            connection.End(ConnectionFaults.ReasonOf(exception), exception);
            connection.Abort();
        }
    }

    private async ValueTask DrainAsync()
    {
        while (frames.MayWrite)
        {
            var hasWritten = WriteBatch(out var hasPing);
            if (hasWritten)
            {
                // Frames that are taken off the queue make room: emitters that wait for it need not wait for the peer to read as well.
                connection.Stream.Subscribers.OnDrained();
                if (!await FlushAsync())
                {
                    connection.End(ConnectionEndReason.ClientLost);
                    connection.Abort();
                    return;
                }

                frames.OnFlushed();
                if (hasPing)
                {
                    liveness.OnInbound();
                }
            }
            else if (frames.HasPages)
            {
                await frames.FillPageAsync();
            }
            else
            {
                return;
            }
        }
    }

    private bool WriteBatch(out bool hasPing)
    {
        var bytes = 0;
        hasPing = frames.TryTakePing();
        if (hasPing)
        {
            EventStreamFormat.WriteComment(transport.Output);
        }

        while (bytes < options.BatchBytes && frames.TryTake(out var frame))
        {
            Write(frame);
            bytes += frame.Buffer.Length;
            frames.OnWritten(frame);
        }

        return hasPing || bytes > 0;
    }

    private void Write(in SendFrame frame)
    {
        if (_format is null)
        {
            // The welcome: the connection is attached, and where it begins is settled. A client that loses the stream before its first
            // event resumes from here as well.
            _format = new EventStreamFormat(connection.Stream.Epoch, connection.Subscription.CoverageFrom);
            EventStreamFormat.WriteRetry(transport.Output);
            _format.WriteMessage(transport.Output, frame.Payload.Span, connection.Subscription.Start);
            return;
        }

        _format.WriteMessage(transport.Output, frame.Payload.Span, CursorOf(frame));
    }

    // An event, or a gap without replay: after it the client continues above. A redelivery says nothing about progress.
    private static long? CursorOf(in SendFrame frame) => frame.Kind != SendFrameKind.Redelivery && frame.Seq > 0 ? frame.Seq : null;

    private async ValueTask<bool> FlushAsync()
    {
        var flush = transport.Output.FlushAsync(CancellationToken.None);
        if (!flush.IsCompleted)
        {
            _flushPending = true;
            liveness.OnFlushPending();
        }

        try
        {
            var flushed = await flush;
            return !flushed.IsCompleted && !flushed.IsCanceled;
        }
        finally
        {
            liveness.OnFlushed();
            _flushPending = false;
        }
    }

    private async ValueTask SayGoodbyeAsync()
    {
        // An end for which a WebSocket gets no close frame is not told here either.
        var reason = ConnectionEndReasons.Describe(connection.EndReason);
        if (reason.CloseStatus is not null)
        {
            EventStreamFormat.WriteEnd(transport.Output, reason);
            await FlushAsync();
        }
    }
}
