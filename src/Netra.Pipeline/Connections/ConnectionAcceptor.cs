using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Telemetry;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Connections;

/// <summary>
/// Takes a connection from a door to its end: checks the handshake, authenticates, loads the user's stream, attaches, and serves. Both doors and the startup verification come
/// through here, so all of them run the same code.
/// </summary>
internal sealed partial class ConnectionAcceptor(
    PipelineBridge bridge, StreamRegistry streams, ConnectionRegistry registry, ConnectionServices services)
{
    // What a client is told to wait while the pipeline starts or drains.
    private const int RetryAfterSeconds = 1;

    /// <summary>Decides about a handshake.</summary>
    /// <param name="request">The request; it asks for a WebSocket.</param>
    /// <param name="authenticator">Who says who it is; null admits nobody.</param>
    /// <param name="cancellationToken">Fires when the peer is gone.</param>
    public async ValueTask<Admission> AdmitAsync(HandshakeRequest request, IConnectionAuthenticator? authenticator, CancellationToken cancellationToken)
    {
        var resume = default(ResumeRequest);
        if ((HandshakeRules.Check(request, out var subprotocol) ?? HandshakeRules.ReadResume(request.Query, out resume)) is { } refusal)
        {
            return Admission.Refuse(refusal);
        }

        try
        {
            var identity = authenticator is null
                ? AuthenticationResult.Unauthorized("No authenticator is registered (UseAuthenticator).")
                : await authenticator.AuthenticateAsync(request, cancellationToken);
            if (identity.UserId is null)
            {
                return Admission.Refuse(new HandshakeRefusal(identity.Status, CodeOf(identity.Status), identity.Message!));
            }

            bridge.EnsureConnectable(identity.UserId);
            var stream = await streams.PinAsync(identity.UserId, cancellationToken);
            var admitted = stream.TryPinConnection();
            stream.Unpin();
            if (!admitted)
            {
                return Admission.Refuse(new HandshakeRefusal(
                    503, "too_many_connections", "The user has as many connections as are allowed (Netra:Streams:MaxConnectionsPerUser).", RetryAfterSeconds));
            }

            return new Admission { UserId = identity.UserId, Stream = stream, Resume = resume, Subprotocol = subprotocol };
        }
        catch (PipelineException exception)
        {
            services.Failures.Report(exception);
            return Admission.Refuse(new HandshakeRefusal(503, FailureCodes.WireName(exception.Code), exception.Message, RetryAfterSeconds));
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // A time-out of the authenticator's own is a cancellation by type, and still a fault to be told.
            Log.HandshakeFailed(services.Logger, request.RemoteEndPoint?.ToString(), exception);
            return Admission.Refuse(new HandshakeRefusal(500, "internal_error", "The handshake could not be served; the server's log says why."));
        }
    }

    /// <summary>Serves an admitted connection to its end.</summary>
    /// <param name="admission">What <see cref="AdmitAsync"/> decided.</param>
    /// <param name="transport">The transport.</param>
    /// <param name="answer">Answers the handshake; nothing is written before it.</param>
    /// <param name="socket">The socket below, if there is one to tune.</param>
    public async Task ServeAsync<T>(Admission admission, ConnectionTransport transport, Func<ValueTask<T>> answer, Socket? socket)
    {
        var stream = admission.Stream!;
        try
        {
            TuneSocket(socket);
            await answer();
            var connection = new Connection(services, transport, admission.UserId!, stream);

            // Pinned, so never evicted.
            stream.TryAttach(connection.Subscription, admission.Resume, point => Welcome(connection, point));
            registry.Add(connection);
            services.Metrics.ConnectionOpened();
            Log.Opened(services.Logger, connection.Id, connection.UserId);
            admission.Bind(connection);
            try
            {
                await connection.RunAsync();
            }
            finally
            {
                registry.Remove(connection);
            }
        }
        finally
        {
            stream.UnpinConnection();
        }
    }

    private void TuneSocket(Socket? socket)
    {
        try
        {
            // Otherwise the kernel swallows megabytes for a page that reads nothing, and nobody notices.
            socket?.SendBufferSize = services.Options.SendBufferBytes;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The peer has gone already; the first read finds out.
        }
    }

    private byte[] Welcome(Connection connection, ResumePoint point)
    {
        var options = services.Options;
        return ServerMessageWriter.Welcome(new WelcomeMessage(
            connection.Id,
            connection.UserId,
            streams.Epoch,
            point.Head,
            point.From,
            point.Resumed,
            (long)options.PingInterval.TotalMilliseconds,
            (long)options.PingTimeout.TotalMilliseconds,
            (long)options.AckInterval.TotalMilliseconds,
            options.AckEvery));
    }

    private static string CodeOf(int status) => status switch
    {
        400 => "bad_request",
        401 => "unauthorized",
        _ => "forbidden",
    };

    private static partial class Log
    {
        [LoggerMessage(EventIds.HandshakeFailed, LogLevel.Error, "A handshake from {RemoteEndPoint} failed")]
        public static partial void HandshakeFailed(ILogger logger, string? remoteEndPoint, Exception exception);

        [LoggerMessage(EventIds.ConnectionOpened, LogLevel.Debug, "Connection {ConnectionId} of {UserId} is open")]
        public static partial void Opened(ILogger logger, string connectionId, string userId);
    }
}
