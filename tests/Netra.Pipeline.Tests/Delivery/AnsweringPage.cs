using System.Net.WebSockets;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Delivery;

/// <summary>A page that reads everything and answers every ping, but acknowledges only when a test says so.</summary>
internal sealed class AnsweringPage : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly List<ServerMessage> _messages = [];
    private readonly ClientWebSocket _socket;
    private Task _reading = Task.CompletedTask;
    private (WebSocketCloseStatus? Status, string? Reason)? _closed;

    private AnsweringPage(ClientWebSocket socket) => _socket = socket;

    public WelcomeMessage Welcome => Messages.OfType<WelcomeMessage>().First();

    public IReadOnlyList<ServerMessage> Messages
    {
        get
        {
            lock (_gate)
            {
                return [.. _messages];
            }
        }
    }

    public IEnumerable<EventMessage> Events => Messages.OfType<EventMessage>();

    /// <summary>Why the server closed it; null while it has not.</summary>
    public (WebSocketCloseStatus? Status, string? Reason)? Closed
    {
        get
        {
            lock (_gate)
            {
                return _closed;
            }
        }
    }

    public static async Task<AnsweringPage> ConnectAsync(Uri address)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(ProtocolConstants.Subprotocol);
        using var patience = new CancellationTokenSource(TestClient.Patience);
        await socket.ConnectAsync(address, patience.Token);
        var page = new AnsweringPage(socket);
        page._reading = page.ReadAsync();
        await Eventually.BecomesTrueAsync(() => page.Messages.Count > 0, "the welcome came");
        return page;
    }

    /// <summary>Connects as a page does that was here before, with a cursor.</summary>
    public static Task<AnsweringPage> ResumeAsync(PipelineHost host, string userId, WelcomeMessage welcome, long seq)
        => ConnectAsync(host.SocketAddress(userId, $"&epoch={welcome.Epoch}&seq={seq}&from={welcome.From}"));

    public Task ReceivesAsync(int events)
        => Eventually.BecomesTrueAsync(() => Events.Count() >= events, $"the page received {events} events");

    public async Task AckAsync(PipelineHost host, long seq)
    {
        var subscription = host.ConnectionOf(Welcome.ConnectionId).Subscription;
        await _socket.SendAsync(ClientMessageWriter.Ack(seq), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        await Eventually.BecomesTrueAsync(() => subscription.Acknowledged >= seq, "the acknowledgement came");
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await _reading;
        _socket.Dispose();
    }

    /// <summary>Lets seconds pass; every ping that falls into them is answered before the next second.</summary>
    public async Task PassAsync(PipelineHost host, TestTimeProvider time, int seconds, Action? after = null)
    {
        for (var i = 0; i < seconds && Closed is null; i++)
        {
            await host.StepAsync(time, 1);
            await AnswersAsync(host);
            after?.Invoke();
        }
    }

    /// <summary>Waits until the page has answered what it was asked in this second, or has heard that it is closed.</summary>
    public async Task AnswersAsync(PipelineHost host)
    {
        if (host.Connections.TryGet(Welcome.ConnectionId, out var connection))
        {
            await Eventually.BecomesTrueAsync(
                () => connection.IsEnded || (connection.Silence < TimeSpan.FromSeconds(15) && !connection.IsPageAsked),
                "the pings were answered");
            await Eventually.BecomesTrueAsync(() => !connection.IsEnded || Closed is not null, "the page heard the goodbye");
        }
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[1024 * 1024];
        try
        {
            while (true)
            {
                var length = 0;
                WebSocketReceiveResult result;
                do
                {
                    result = await _socket.ReceiveAsync(
                        new ArraySegment<byte>(buffer, length, buffer.Length - length), CancellationToken.None);
                    length += result.Count;
                }
                while (!result.EndOfMessage);

                if (result.MessageType == WebSocketMessageType.Close)
                {
                    lock (_gate)
                    {
                        _closed = (_socket.CloseStatus, _socket.CloseStatusDescription);
                    }

                    await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                    return;
                }

                var message = ServerMessageReader.Read(buffer.AsSpan(0, length));
                lock (_gate)
                {
                    _messages.Add(message);
                }

                if (message is PingMessage ping)
                {
                    var pong = ClientMessageWriter.Pong(new PongMessage(null, ping.Ts));
                    await _socket.SendAsync(pong, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
                }
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The test is over, or the server is gone.
        }
    }
}
