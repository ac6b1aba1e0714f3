using Netra.Pipeline.Load.Clients;

namespace Netra.Pipeline.Load.Pages;

/// <summary>
/// A page of Socket.IO 4 over a WebSocket: packets of Engine.IO (0 open, 2 ping, 3 pong, 4 message) with packets of Socket.IO in them (40
/// connected, 42 event). Specified in Socket.IO's protocol documents.
/// </summary>
/// <param name="run">What all pages share.</param>
/// <param name="index">Which page of the run it is, from 0.</param>
internal sealed class SocketIoPage(PageRun run, int index) : PlainPage(run, index)
{
    protected override string Path => "/socket.io/?EIO=4&transport=websocket";

    // The server opens the conversation.
    public override void OnOpened(WebSocketClient client) => Client = client;

    public override void OnMessage(WebSocketClient client, ReadOnlySpan<byte> message, long now)
    {
        switch (message)
        {
            case [(byte)'4', (byte)'2', ..]:
                Count(message, now);
                break;
            case [(byte)'0', ..]:
                client.SendText("40"u8);
                break;
            case [(byte)'2', ..]:
                client.SendText("3"u8);
                break;
            case [(byte)'4', (byte)'0', ..]:
                Open();
                break;
            default:
                throw new InvalidDataException($"a packet of Engine.IO of type 0x{(message.IsEmpty ? 0 : message[0]):x2}");
        }
    }
}
