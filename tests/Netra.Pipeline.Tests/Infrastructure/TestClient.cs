using System.Net.WebSockets;
using System.Text;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// A client on a real <see cref="ClientWebSocket"/>. It reads only when asked to, so that a test decides when a page stops reading.
/// </summary>
internal sealed class TestClient : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly byte[] _buffer = new byte[1024 * 1024];

    private TestClient(ClientWebSocket socket) => Socket = socket;

    public ClientWebSocket Socket { get; }

    public WelcomeMessage Welcome { get; private set; } = null!;

    /// <summary>The last message as it came, until the next one is asked for.</summary>
    public ReadOnlyMemory<byte> LastMessage { get; private set; }

    public static async Task<TestClient> ConnectAsync(
        Uri address, Action<ClientWebSocketOptions>? configure = null, HttpMessageInvoker? invoker = null)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(ProtocolConstants.Subprotocol);
        configure?.Invoke(socket.Options);
        using var patience = new CancellationTokenSource(Patience);
        await socket.ConnectAsync(address, invoker, patience.Token);
        var client = new TestClient(socket);
        client.Welcome = (WelcomeMessage)await client.ReadAsync();
        return client;
    }

    /// <summary>The next message of any kind. Fails when none comes in time.</summary>
    public async Task<ServerMessage> ReadAsync()
        => await ReadOrEndAsync()
            ?? throw new AssertionException($"The connection was closed: {Socket.CloseStatus} {Socket.CloseStatusDescription}");

    /// <summary>The next message of any kind; null when the server closes instead. Fails when neither comes in time.</summary>
    public async Task<ServerMessage?> ReadOrEndAsync()
    {
        if (await ReadBytesAsync() is not { } bytes)
        {
            return null;
        }

        LastMessage = bytes;
        return ServerMessageReader.Read(bytes);
    }

    /// <summary>The next message of one kind; others are passed over.</summary>
    public async Task<T> ReadAsync<T>()
        where T : ServerMessage
    {
        while (true)
        {
            if (await ReadAsync() is T message)
            {
                return message;
            }
        }
    }

    /// <summary>The next events, other messages being passed over.</summary>
    public async Task<List<EventMessage>> ReadEventsAsync(int count)
    {
        var events = new List<EventMessage>(count);
        while (events.Count < count)
        {
            events.Add(await ReadAsync<EventMessage>());
        }

        return events;
    }

    /// <summary>Reads to the close frame, and answers it.</summary>
    public async Task<(WebSocketCloseStatus? Status, string? Reason)> ReadToEndAsync()
    {
        while (await ReadBytesAsync() is not null)
        {
            // Whatever still comes.
        }

        if (Socket.State == WebSocketState.CloseReceived)
        {
            await Socket.CloseOutputAsync(Socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }

        return (Socket.CloseStatus, Socket.CloseStatusDescription);
    }

    public Task AckAsync(long seq) => SendAsync(ClientMessageWriter.Ack(seq));

    public Task PongAsync(PingMessage ping, long? seq) => SendAsync(ClientMessageWriter.Pong(new PongMessage(seq, ping.Ts)));

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> message)
    {
        using var patience = new CancellationTokenSource(Patience);
        await Socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, patience.Token);
    }

    public async Task CloseAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token);
    }

    public ValueTask DisposeAsync()
    {
        Socket.Abort();
        Socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<byte[]?> ReadBytesAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var length = 0;
        while (true)
        {
            ValueWebSocketReceiveResult result;
            try
            {
                result = await Socket.ReceiveAsync(_buffer.AsMemory(length), patience.Token);
            }
            catch (OperationCanceledException exception)
            {
                throw new AssertionException($"No message came within {Patience}.", exception);
            }

            if (result.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            length += result.Count;
            if (result.EndOfMessage)
            {
                return _buffer[..length];
            }
        }
    }
}
