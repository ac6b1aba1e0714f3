using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// The client of the startup verification and of the canary: it receives events up to the end of the round's run and acknowledges each.
/// </summary>
internal sealed class VerificationClient : IDisposable
{
    private const int BufferBytes = 64 * 1024;
    private readonly ClientWebSocket _socket = new();

    [SuppressMessage(
        "Security",
        "CA5359",
        Justification = "It talks to its own process, by an address that the certificate need not name, "
            + "and gives away a credential that is good once.")]
    private VerificationClient()
    {
        _socket.Options.AddSubProtocol(ProtocolConstants.Subprotocol);
        _socket.Options.Proxy = null;
        _socket.Options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
    }

    public static async Task<VerificationClient> ConnectAsync(Uri address, VerificationRound round, CancellationToken cancellationToken)
    {
        var client = new VerificationClient();
        try
        {
            await client._socket.ConnectAsync(address, cancellationToken);
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

    /// <summary>Receives and acknowledges until the round's run has ended.</summary>
    public async Task AnswerAsync(VerificationRound round, CancellationToken cancellationToken)
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

    public Task CloseAsync(CancellationToken cancellationToken)
        => _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);

    public void Dispose() => _socket.Dispose();

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
