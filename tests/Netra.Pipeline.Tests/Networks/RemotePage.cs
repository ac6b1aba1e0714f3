using System.Globalization;
using System.Net.WebSockets;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Networks;

/// <summary>A page on the other side of a wire: it reads, answers pings and acknowledges for as long as its connection lasts.</summary>
internal sealed class RemotePage : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly List<long> _seqs;
    private readonly ClientWebSocket _socket;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private Task _reading = Task.CompletedTask;

    private RemotePage(ClientWebSocket socket, List<long> seqs) => (_socket, _seqs) = (socket, seqs);

    public WelcomeMessage Welcome { get; private set; } = null!;

    /// <summary>Whether its connection has ended, in whatever way.</summary>
    public bool HasEnded => _reading.IsCompleted;

    /// <summary>The numbers of all events that it has seen, over all of its connections.</summary>
    public IReadOnlyList<long> Seqs
    {
        get
        {
            lock (_gate)
            {
                return [.. _seqs];
            }
        }
    }

    public static Task<RemotePage> OpenAsync(Uri server, string token, HttpMessageInvoker invoker)
        => ConnectAsync(server, "?seq=0", token, invoker, []);

    /// <summary>Comes again, with the cursor of the one before.</summary>
    public Task<RemotePage> ResumeAsync(Uri server, string token, HttpMessageInvoker invoker) => ConnectAsync(
        server,
        string.Create(CultureInfo.InvariantCulture, $"?seq={Seqs[^1]}&from={Welcome.From}&epoch={Welcome.Epoch}"),
        token,
        invoker,
        [.. Seqs]);

    /// <summary>Says something, as a page does after a while; on a connection that the server has given up the answer is its end.</summary>
    public async Task SpeakAsync()
    {
        try
        {
            await SendAsync(ClientMessageWriter.Pong(new PongMessage(null, null)));
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            // It has ended already.
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await _reading;
        _socket.Dispose();
    }

    private static async Task<RemotePage> ConnectAsync(
        Uri server, string query, string token, HttpMessageInvoker invoker, List<long> seqs)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(ProtocolConstants.Subprotocol);
        socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        using var patience = new CancellationTokenSource(TestClient.Patience);
        await socket.ConnectAsync(new UriBuilder(server) { Scheme = "ws", Path = "/ws", Query = query }.Uri, invoker, patience.Token);
        var page = new RemotePage(socket, seqs);
        page.Welcome = (WelcomeMessage)(await page.ReadAsync(patience.Token))!;
        page._reading = page.ReadAllAsync();
        return page;
    }

    private async Task ReadAllAsync()
    {
        try
        {
            while (await ReadAsync(CancellationToken.None) is { } message)
            {
                switch (message)
                {
                    case PingMessage ping:
                        await SendAsync(ClientMessageWriter.Pong(new PongMessage(null, ping.Ts)));
                        break;
                    case EventMessage one:
                        lock (_gate)
                        {
                            // What is sent again because nobody has confirmed it is the same event.
                            if (_seqs.Count == 0 || one.Seq > _seqs[^1])
                            {
                                _seqs.Add(one.Seq);
                            }
                        }

                        await SendAsync(ClientMessageWriter.Ack(one.Seq));
                        break;
                }
            }
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The connection has ended.
        }
    }

    private async Task<ServerMessage?> ReadAsync(CancellationToken cancellationToken)
    {
        for (var length = 0; ;)
        {
            var result = await _socket.ReceiveAsync(_buffer.AsMemory(length), cancellationToken);
            length += result.Count;
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            if (result.EndOfMessage)
            {
                return ServerMessageReader.Read(_buffer.AsSpan(0, length));
            }
        }
    }

    private Task SendAsync(byte[] message)
        => _socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
}
