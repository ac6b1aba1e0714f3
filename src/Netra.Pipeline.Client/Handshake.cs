using System.Net.WebSockets;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>The way to a connection: a token, where there is a source of them, and the handshake (docs/protocol.md, section 2).</summary>
internal sealed class Handshake(ClientWebSocket socket, ClientParts parts)
{
    /// <summary>Opens the socket.</summary>
    /// <param name="point">Where the client goes on; null where it has no past.</param>
    /// <param name="joins">Whether text may come joined.</param>
    /// <param name="cancellationToken">The time is over, or the application wants no more.</param>
    /// <returns>Why it was not opened; null where it was.</returns>
    public async Task<ConnectionEnd?> OpenAsync(ResumePoint? point, bool joins, CancellationToken cancellationToken)
    {
        if (parts.Options.GetToken is { } getToken)
        {
            try
            {
                socket.Options.SetRequestHeader("Authorization", $"Bearer {await getToken(cancellationToken)}");
            }
            catch (UnauthorizedException exception)
            {
                return new ConnectionEnd(CloseCodes.NoToken, exception.Message)
                {
                    Failure = EventClientFailure.Unauthorized,
                    Cause = exception,
                };
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                return ConnectionEnd.Of(CloseCodes.NoToken, exception.Message) with { Cause = exception };
            }
        }

        socket.Options.AddSubProtocol(ProtocolConstants.Subprotocol);
        socket.Options.CollectHttpResponseDetails = true;

        // The server's pings, and this client's pongs, say all that has to be said.
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        try
        {
            await socket.ConnectAsync(parts.Address.OfSocket(point, joins), parts.Address.Invoker, cancellationToken);
            return null;
        }
        catch (WebSocketException exception)
        {
            return Refusal(exception);
        }
    }

    private ConnectionEnd Refusal(WebSocketException exception)
    {
        var status = (int)socket.HttpStatusCode;
        if (status == 0)
        {
            // HTTP's own words name the place, but of TLS they say only to look elsewhere.
            var cause = exception.InnerException is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } tls
                ? tls.GetBaseException()
                : exception.InnerException ?? exception;
            return ConnectionEnd.Of(CloseCodes.Lost, cause.Message) with { Cause = exception };
        }

        return ConnectionEnd.Of(CloseCodes.Lost, $"the server refused the handshake with HTTP {status}") with
        {
            Failure = status switch
            {
                401 => EventClientFailure.Unauthorized,
                403 => EventClientFailure.Forbidden,
                400 or 405 or 414 or 426 or 431 => EventClientFailure.Refused,
                _ => null,
            },
            AtLeast = RetryAfter.Read(socket.HttpResponseHeaders, parts.Options.Time),
            Cause = exception,
        };
    }
}
