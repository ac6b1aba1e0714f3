using System.Net.WebSockets;
using System.Text.Json;

namespace Netra.Pipeline.Peers.AspNetCore;

/// <summary>Whoever opens a WebSocket is sent the series.</summary>
internal sealed class EventSocket(Series series, IHostApplicationLifetime lifetime)
{
    public async Task HandleAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await context.Response.WriteAsync("aspnetcore");
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        using var stopping = lifetime.ApplicationStopping.Register(socket.Abort);
        var receiving = ReceiveAsync(socket, ended);
        try
        {
            await series.SendAsync(_ => SendAsync(socket), ended.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException)
        {
            // The client has gone, or the host stops: so ends the other one.
        }

        await receiving;
    }

    // Without a token that may be cancelled, which would cost each message a registration; what ends the host aborts the socket.
    private static ValueTask SendAsync(WebSocket socket)
        => socket.SendAsync(
            JsonSerializer.SerializeToUtf8Bytes(PeerEvent.Next()).AsMemory(),
            WebSocketMessageType.Text,
            endOfMessage: true,
            CancellationToken.None);

    // Nothing that a client says means anything, but that it closes does.
    private static async Task ReceiveAsync(WebSocket socket, CancellationTokenSource ended)
    {
        var buffer = new byte[1024 * 4];
        try
        {
            ValueWebSocketReceiveResult received;
            do
            {
                received = await socket.ReceiveAsync(buffer.AsMemory(), ended.Token);
            }
            while (received.MessageType != WebSocketMessageType.Close);

            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, statusDescription: null, CancellationToken.None);
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException)
        {
            // The client has gone without a word, or the host stops.
        }
        finally
        {
            await ended.CancelAsync();
        }
    }
}
