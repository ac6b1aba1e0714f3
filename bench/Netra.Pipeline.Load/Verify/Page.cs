using System.Net.WebSockets;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Load.Verify;

/// <summary>
/// A page: a WebSocket that answers pings, keeps a cursor, and holds the server to the protocol: numbers are consecutive unless a gap says
/// otherwise, and none comes twice unless it is marked as a redelivery. One reader.
/// </summary>
internal sealed class Page : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[1024 * 1024];

    /// <summary>Who the server takes it for, and where it begins.</summary>
    public WelcomeMessage Welcome { get; private set; } = null!;

    /// <summary>The last number that was processed.</summary>
    public long Cursor { get; private set; }

    /// <summary>Opens it, and reads the welcome.</summary>
    /// <param name="address">The socket's address, with a user's name.</param>
    /// <param name="token">The user's token; null in Development.</param>
    /// <param name="resume">The page that it goes on from; null for from now on.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public static async Task<Page> OpenAsync(Uri address, string? token, Page? resume, CancellationToken cancellationToken)
    {
        var page = new Page();
        try
        {
            await page.ConnectAsync(address, token, resume, cancellationToken);
            return page;
        }
        catch
        {
            await page.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads until the next event of a run; those of other runs are processed on the way.</summary>
    public async Task<EventMessage> ReadEventAsync(string runId, CancellationToken cancellationToken)
    {
        while (true)
        {
            switch (await ReceiveAsync(cancellationToken))
            {
                case EventMessage message when Process(message) && message.RunId == runId:
                    return message;
                case PingMessage ping:
                    await SendAsync(ClientMessageWriter.Pong(new PongMessage(Cursor, ping.Ts)), cancellationToken);
                    break;
                case GapMessage { Replay: false } gap:
                    Cursor = Math.Max(Cursor, gap.To);
                    break;
                case ErrorMessage error when error.RunId == runId:
                    throw new CheckFailedException($"the user was told {error.Code}: {error.Message}");
                default:
                    // What the server may say besides concerns no check.
                    break;
            }
        }
    }

    /// <summary>Acknowledges everything that was processed.</summary>
    public Task AcknowledgeAsync(CancellationToken cancellationToken) => SendAsync(ClientMessageWriter.Ack(Cursor), cancellationToken);

    /// <summary>Cuts it off, as a lost network does.</summary>
    public void Drop() => _socket.Abort();

    public ValueTask DisposeAsync()
    {
        _socket.Abort();
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task ConnectAsync(Uri address, string? token, Page? resume, CancellationToken cancellationToken)
    {
        _socket.Options.AddSubProtocol(ProtocolConstants.Subprotocol);
        _socket.Options.Proxy = null;
        if (token is not null)
        {
            _socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        }

        if (resume is not null)
        {
            address = new Uri($"{address}&epoch={resume.Welcome.Epoch}&seq={resume.Cursor}&from={resume.Welcome.From}");
        }

        await _socket.ConnectAsync(address, cancellationToken);
        Welcome = await ReceiveAsync(cancellationToken) as WelcomeMessage
            ?? throw new CheckFailedException("the first message on the socket is not a welcome");
        if (resume is not null && !Welcome.Resumed)
        {
            throw new CheckFailedException(
                $"the server did not resume at {resume.Cursor} of epoch {resume.Welcome.Epoch}, though it gave both");
        }

        Cursor = resume?.Cursor ?? Welcome.Seq;
    }

    // False for one that is known already, which only a redelivery may be.
    private bool Process(EventMessage message)
    {
        if (message.Seq <= Cursor)
        {
            return message.Redelivery is not null ? false : throw new CheckFailedException($"event {message.Seq} came twice");
        }

        if (message.Seq != Cursor + 1)
        {
            throw new CheckFailedException($"events {Cursor + 1} to {message.Seq - 1} are missing");
        }

        Cursor = message.Seq;
        return true;
    }

    private Task SendAsync(byte[] message, CancellationToken cancellationToken)
        => _socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);

    private async Task<ServerMessage> ReceiveAsync(CancellationToken cancellationToken)
    {
        var length = 0;
        while (length < _buffer.Length)
        {
            var received = await _socket.ReceiveAsync(_buffer.AsMemory(length), cancellationToken);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                throw new CheckFailedException(
                    $"the server closed the socket: {(int?)_socket.CloseStatus} {_socket.CloseStatusDescription}");
            }

            length += received.Count;
            if (received.EndOfMessage)
            {
                return ServerMessageReader.Read(_buffer.AsSpan(0, length));
            }
        }

        throw new CheckFailedException($"a message is longer than {_buffer.Length} bytes");
    }
}
