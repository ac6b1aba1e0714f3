using System.Buffers;
using System.Net.WebSockets;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// Reads one connection until its end. While nothing comes it holds no buffer: it waits with an empty read. After the server's close frame
/// it reads a little longer, to find the peer's close frame, but handles no more messages.
/// </summary>
internal sealed class ConnectionReader(
    WebSocketConnection connection,
    WebSocket socket,
    TransportStream transport,
    ClientMessageDispatcher dispatcher,
    InboundMeter? inflated,
    ConnectionOptions options)
{
    private const int FirstBuffer = 1024;

    private volatile bool _isHeld;

    /// <summary>Whether the peer's close frame has come, after which nothing follows.</summary>
    public bool HasHeardGoodbye { get; private set; }

    /// <summary>Whether reading is paused, because too many answers to the peer wait already.</summary>
    public bool IsHeld => _isHeld;

    /// <summary>Reads to the end and records why it came. Never throws.</summary>
    public async Task RunAsync()
    {
        try
        {
            connection.End(await ReadAsync());
        }
        catch (Exception exception)
        {
            connection.End(transport.ReasonOf(exception), exception);
        }
    }

    private async Task<ConnectionEndReason> ReadAsync()
    {
        while (true)
        {
            // A peer that asks for more than it reads is not read any further: its answers wait already.
            var answerRoom = connection.Queue.WhenAnswersHaveRoom();
            if (!answerRoom.IsCompletedSuccessfully)
            {
                _isHeld = true;
                await answerRoom;
                _isHeld = false;
            }

            var begun = await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
            if (begun.MessageType == WebSocketMessageType.Close)
            {
                return HearGoodbye();
            }

            var buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
            try
            {
                var length = 0;
                while (!begun.EndOfMessage)
                {
                    if (length == buffer.Length)
                    {
                        buffer = Grow(buffer, length);
                    }

                    // One byte above the limit is enough to detect a violation; the WebSocket waits for as much as it is given room for.
                    var room = Math.Min(buffer.Length - length, options.MaxMessageBytes + 1 - length);
                    begun = await socket.ReceiveAsync(buffer.AsMemory(length, room), CancellationToken.None);
                    if (begun.MessageType == WebSocketMessageType.Close)
                    {
                        // Control frames may come between the fragments of a message (RFC 6455, 5.4).
                        return HearGoodbye();
                    }

                    // The stream has counted what came, which is less where messages are compressed.
                    inflated?.Count(0, begun.Count);
                    length += begun.Count;
                    if (length > options.MaxMessageBytes)
                    {
                        connection.End(ConnectionEndReason.MessageTooBig);
                        length = 0;
                    }
                }

                if (begun.MessageType == WebSocketMessageType.Binary)
                {
                    connection.End(ConnectionEndReason.UnsupportedData);
                }
                else if (!connection.IsEnded)
                {
                    Handle(buffer.AsSpan(0, length));
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private void Handle(ReadOnlySpan<byte> message)
    {
        try
        {
            dispatcher.Dispatch(connection, message);
        }
        catch (ProtocolViolationException violation)
        {
            // The connection ends, but reading continues until the peer has been told.
            connection.End(ConnectionEndReason.InvalidMessage, violation);
        }
        catch (Exception fault)
        {
            // Our own fault, whatever its type says: outside this method the same exception would be taken for a lost peer.
            connection.End(ConnectionEndReason.InternalError, fault);
        }
    }

    private ConnectionEndReason HearGoodbye()
    {
        connection.PeerCloseStatus = PeerStatus();
        HasHeardGoodbye = true;
        return ConnectionEndReason.ClientClosed;
    }

    // Codes that must not appear on the wire are answered with a normal closure.
    private WebSocketCloseStatus PeerStatus()
        => socket.CloseStatus is { } status and not WebSocketCloseStatus.Empty ? status : WebSocketCloseStatus.NormalClosure;

    private static byte[] Grow(byte[] buffer, int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
