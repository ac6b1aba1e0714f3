using System.Net.WebSockets;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// Writes one connection's frames: a work item of the thread pool, scheduled when a frame is added to an idle connection. It corks, sends
/// what waits up to a byte limit, and flushes once; so it batches exactly when there is load, and an idle connection has no parked loop.
/// </summary>
/// <remarks>
/// One run at a time (<c>_scheduled</c>). All of it, resumptions included, sits in one try/catch that ends the connection with a reason. No
/// cancellable token goes into a send: it would abort the socket. An incomplete send is awaited before anything is uncorked or reused.
/// </remarks>
internal sealed class ConnectionWriter(
    WebSocketConnection connection,
    WebSocket socket,
    TransportStream transport,
    FrameSource frames,
    ConnectionLiveness liveness,
    ConnectionOptions options)
    : IThreadPoolWorkItem
{
    // FIN, opcode 9, no mask, no payload: written between two frames, where the WebSocket has nothing half-written.
    private static readonly byte[] PingFrame = [0x89, 0x00];

    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _scheduled;

    /// <summary>Completes when nothing will be written any more. Never faults.</summary>
    public Task Completed => _completed.Task;

    private bool HasWork => connection.IsEnded || frames.HasWork || transport.IsDirty;

    /// <summary>Makes sure that waiting frames get written. Safe to call from any thread, under any lock.</summary>
    public void Schedule()
    {
        if (Interlocked.Exchange(ref _scheduled, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = RunAsync();

    private async Task RunAsync()
    {
        try
        {
            do
            {
                await DrainAsync();
                if (connection.IsEnded)
                {
                    await EndAsync();
                    return;
                }

                // A full fence, as enqueuing has one: the reset is visible before the look, or each could miss the other. The look finds
                // what came between the last look and the reset; the thread that wins the exchange continues.
                Interlocked.Exchange(ref _scheduled, 0);
            }
            while (HasWork && Interlocked.Exchange(ref _scheduled, 1) == 0);
        }
        catch (Exception exception)
        {
            // The WebSocket takes no more frames once its reader has found a violation; the peer is told of it all the same.
            connection.End(transport.ReasonOf(exception), exception);
            await EndAsync();
        }
    }

    private async Task EndAsync()
    {
        try
        {
            await SayGoodbyeAsync();
        }
        catch (Exception)
        {
            // The transport takes nothing any more. The reason is already set.
            connection.Abort();
        }
        finally
        {
            transport.EndWriting();
            _completed.TrySetResult();
        }
    }

    private async ValueTask DrainAsync()
    {
        while (frames.MayWrite)
        {
            await SendBatchAsync();
            if (transport.IsDirty)
            {
                // Frames taken off the queue make room: emitters that wait for it need not wait for the peer to read as well.
                connection.Stream.Subscribers.OnDrained();
                if (!await FlushAsync())
                {
                    connection.End(ConnectionEndReason.ClientLost);
                    connection.Abort();
                    return;
                }

                frames.OnFlushed();
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

    private async ValueTask SendBatchAsync()
    {
        var bytes = 0;
        while (bytes < options.BatchBytes)
        {
            if (frames.TryTakePing())
            {
                transport.Write(PingFrame);
            }

            if (!frames.TryTake(out var frame))
            {
                return;
            }

            // Corked only from the first frame on, so that a flush always follows: a connection that stayed corked while idle would
            // keep the pongs that its reader writes.
            transport.Cork();
            var payload = frame.Payload;
            var send = socket.SendAsync(payload, WebSocketMessageType.Text, WebSocketMessageFlags.EndOfMessage, CancellationToken.None);
            if (!send.IsCompletedSuccessfully)
            {
                await send;
            }

            bytes += payload.Length;
            frames.OnWritten(frame);
        }
    }

    private async ValueTask<bool> FlushAsync()
    {
        var flush = transport.FlushTransportAsync();
        if (flush.IsCompleted)
        {
            return await flush;
        }

        liveness.OnFlushPending();
        try
        {
            return await flush;
        }
        finally
        {
            liveness.OnFlushed();
        }
    }

    private async ValueTask SayGoodbyeAsync()
    {
        var reason = ConnectionEndReasons.Describe(connection.EndReason);
        if (reason.CloseStatus is not { } status)
        {
            return;
        }

        // Past the WebSocket, whose state would forbid it after a peer that has ended its side. A peer's close is echoed with its own code.
        transport.WriteClose(
            connection.EndReason == ConnectionEndReason.ClientClosed ? connection.PeerCloseStatus ?? status : status, reason.WireName);
        await FlushAsync();
    }
}
