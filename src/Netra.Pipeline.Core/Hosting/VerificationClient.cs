using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// The client of the startup verification and of the canary: it receives events up to the end of the round's run and acknowledges each.
/// </summary>
internal sealed class VerificationClient : IDisposable
{
    private const int BufferBytes = 64 * 1024;
    private readonly ClientWebSocket _socket = new();

    private VerificationClient() => _socket.Options.AddSubProtocol(ProtocolConstants.Subprotocol);

    /// <summary>Connects.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="round">The round that it is for.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="host">The host that it names; null for the address's own.</param>
    /// <param name="preamble">What is sent before anything else, TLS included.</param>
    public static async Task<VerificationClient> ConnectAsync(
        Uri address,
        VerificationRound round,
        CancellationToken cancellationToken,
        string? host = null,
        ReadOnlyMemory<byte> preamble = default)
    {
        var client = new VerificationClient();
        try
        {
            if (host is not null)
            {
                client._socket.Options.SetRequestHeader("Host", $"{host}:{address.Port}");
            }

            using var http = new HttpMessageInvoker(HandlerOf(preamble));
            await client._socket.ConnectAsync(address, http, cancellationToken);
            round.Begin(
                await client.ReadAsync(cancellationToken) as WelcomeMessage
                    ?? throw new InvalidOperationException("The first message is not a welcome."));
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Receives and acknowledges until the round's run has ended. Where the run fails first, nobody need wait for it.</summary>
    public Task AnswerAsync(VerificationRound round, CancellationToken cancellationToken)
    {
        var answering = AnswerEachAsync(round, cancellationToken);
        answering.ObserveFailure();
        return answering;
    }

    public Task CloseAsync(CancellationToken cancellationToken)
        => _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);

    public void Dispose() => _socket.Dispose();

    [SuppressMessage(
        "Security",
        "CA5359",
        Justification = "It talks to its own process, by an address that the certificate need not name, "
            + "and gives away a credential that is good once.")]
    private static SocketsHttpHandler HandlerOf(ReadOnlyMemory<byte> preamble) => new()
    {
        UseProxy = false,
        ConnectCallback = (context, cancellationToken) => OpenAsync(context.DnsEndPoint, preamble, cancellationToken),
        SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
    };

    private static async ValueTask<Stream> OpenAsync(
        DnsEndPoint address, ReadOnlyMemory<byte> preamble, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, cancellationToken);
            if (!preamble.IsEmpty)
            {
                await socket.SendAsync(preamble, cancellationToken);
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task AnswerEachAsync(VerificationRound round, CancellationToken cancellationToken)
    {
        var hasEnded = false;
        while (!hasEnded)
        {
            if (await ReadAsync(cancellationToken) is EventMessage message)
            {
                hasEnded = round.Add(message);
                await _socket.SendAsync(
                    ClientMessageWriter.Ack(message.Seq), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
            }
        }
    }

    private async Task<ServerMessage> ReadAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        var length = 0;
        ValueWebSocketReceiveResult result;
        do
        {
            result = await _socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
            length += result.Count;
        }
        while (!result.EndOfMessage && length < buffer.Length);

        return result.MessageType == WebSocketMessageType.Text && result.EndOfMessage
            ? ServerMessageReader.Read(buffer.AsSpan(0, length))
            : throw new InvalidOperationException(
                $"The server ended the connection: {_socket.CloseStatus} {_socket.CloseStatusDescription}");
    }
}
