using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Connections;

/// <summary>
/// New credentials that come in band (<c>authenticate</c>, docs/protocol.md, section 12.3). The authenticator that admitted the connection
/// is asked, with a request like a handshake's that carries the credential in its <c>Authorization</c> header. One at a time for each
/// connection. Safe to use from any thread.
/// </summary>
internal sealed partial class Reauthentication(
    FailureReporter failures,
    SecurityAudit audit,
    PeerLog lines,
    IOptions<WebSocketDoorOptions> door,
    ILogger<Reauthentication> logger,
    ServedTime time)
{
    /// <summary>Has a credential checked, in the background, and the client answered.</summary>
    public void Begin(Connection connection, AuthenticateMessage message)
    {
        if (!connection.TryBeginReauthentication())
        {
            Answer(connection, message, FailureCode.MessageRejected, "Another credential of this connection is being checked.");
            return;
        }

        // No context of the reader's flows into the host's authenticator, and no code of it runs on the reader's thread.
        _ = Task.Run(() => CheckAsync(connection, message));
    }

    private async Task CheckAsync(Connection connection, AuthenticateMessage message)
    {
        var askedAt = time.GetUtcNow();
        try
        {
            using var timeout = new CancellationTokenSource(door.Value.AdmissionTimeout, time);
            var authenticator = connection.Authenticator
                ?? throw new InvalidOperationException("The connection was admitted without an authenticator.");
            var result = await authenticator.AuthenticateAsync(RequestOf(connection, message), timeout.Token)
                .AsTask()
                .WaitAsync(timeout.Token);
            Apply(connection, message, result, askedAt);
        }
        catch (AuthenticationUnavailableException exception)
        {
            Answer(connection, message, FailureCode.AuthenticationUnavailable, exception.Message);
        }
        catch (Exception exception)
        {
            // When the service behind an authenticator fails, it fails for all clients at once.
            lines.Write(
                EventIds.ReauthenticationFailed,
                exception.GetType().Name,
                source: null,
                more => Log.Failed(logger, connection.Id, connection.UserId, more, exception));
            Answer(
                connection,
                message,
                FailureCode.AuthenticationUnavailable,
                "The credential could not be checked; the one before it goes on until it ends.");
        }
        finally
        {
            connection.EndReauthentication();
        }
    }

    private void Apply(Connection connection, AuthenticateMessage message, AuthenticationResult result, DateTimeOffset askedAt)
    {
        if (result.Identity is not { } identity)
        {
            audit.CredentialRefused(connection.Remote, connection.UserId, result.Message!);
            Answer(connection, message, FailureCode.AuthenticationFailed, result.Message!);
        }
        else if (identity.UserKey != connection.UserKey)
        {
            audit.CredentialRefused(connection.Remote, connection.UserId, "it names another user, or tenant");
            connection.End(ConnectionEndReason.IdentityChanged);
        }
        else
        {
            connection.Authenticate(identity, askedAt);
            connection.Answer(ServerMessageWriter.Authenticated(new AuthenticatedMessage(connection.Credential?.ExpiresInMs, message.Id)));
        }
    }

    private static HandshakeRequest RequestOf(Connection connection, AuthenticateMessage message)
    {
        IHeaderDictionary headers = new HeaderDictionary();
        headers.Authorization = $"Bearer {message.Token}";
        return new HandshakeRequest
        {
            Path = string.Empty,
            Query = QueryCollection.Empty,
            Headers = headers,
            RemoteEndPoint = connection.Remote,
            IsInBand = true,
        };
    }

    private void Answer(Connection connection, AuthenticateMessage message, FailureCode code, string problem)
    {
        failures.Report(new Failure(code, "Authenticate", problem)
        {
            UserKey = connection.UserKey,
            ConnectionId = connection.Id,
            // Told to this connection alone, below, also where the message has no id.
            MessageId = message.Id ?? string.Empty,
        });
        connection.Answer(ConnectionFailures.Answer(code, problem, message.Id, time.GetUtcNow()));
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.ReauthenticationFailed,
            LogLevel.Error,
            "A new credential of connection {ConnectionId} of {UserId} could not be checked{More}",
            EventName = nameof(EventIds.ReauthenticationFailed))]
        public static partial void Failed(ILogger logger, string connectionId, string userId, string more, Exception exception);
    }
}
