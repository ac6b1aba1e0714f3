using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Connections;

/// <summary>
/// Takes a connection from a door to its end: checks the handshake, authenticates, loads the user's stream, attaches, and serves. All doors
/// and the startup verification use it, so they all run the same code.
/// </summary>
internal sealed partial class ConnectionAcceptor(
    PipelineBridge bridge,
    StreamRegistry streams,
    ConnectionRegistry registry,
    ConnectionSlots slots,
    AddressLimits addresses,
    TenantConnections tenants,
    ConnectionServices services,
    CanaryPass canary,
    Compression compression,
    IOptions<WebSocketDoorOptions> door)
{
    // Seconds that a client is told to wait while the pipeline starts or drains.
    private const int RetryAfterSeconds = 1;

    /// <summary>Decides about the handshake of a WebSocket.</summary>
    /// <param name="request">The request; it asks for a WebSocket.</param>
    /// <param name="authenticator">Identifies the user; null admits nobody.</param>
    /// <param name="closing">Fires when the server stops.</param>
    /// <param name="peerGone">Fires when the peer is gone.</param>
    /// <exception cref="OperationCanceledException">The peer is gone.</exception>
    public ValueTask<Admission> AdmitAsync(
        HandshakeRequest request, IConnectionAuthenticator? authenticator, CancellationToken closing, CancellationToken peerGone)
    {
        var (key, resume) = (request.Headers.SecWebSocketKey, default(ResumeRequest));
        string? subprotocol = null;
        var joins = false;
        return (HandshakeRules.CheckTarget(request)
            ?? HandshakeRules.Check(request, out subprotocol)
            ?? ResumeRules.Read(request.Query, out resume)
            ?? ResumeRules.ReadJoin(request.Query, out joins)) is { } refusal
            ? ValueTask.FromResult(Admission.Refuse(refusal))
            : BeginAsync(
                request,
                authenticator,
                (identity, token) => PinAsync(
                    new Admission
                    {
                        Identity = identity,
                        Remote = request.RemoteEndPoint,
                        Resume = resume,
                        Joins = joins,
                        Subprotocol = subprotocol,
                        Extensions = request.Headers.SecWebSocketExtensions,
                        Key = key,
                    },
                    token),
                closing,
                peerGone);
    }

    /// <summary>Decides about a request for an event stream.</summary>
    /// <inheritdoc cref="AdmitAsync"/>
    public ValueTask<Admission> AdmitStreamAsync(
        HandshakeRequest request, IConnectionAuthenticator? authenticator, CancellationToken closing, CancellationToken peerGone)
    {
        var (resume, joins) = (default(ResumeRequest), false);
        return (HandshakeRules.CheckTarget(request)
            ?? ResumeRules.ReadStream(request.Headers, request.Query, out resume)
            ?? ResumeRules.ReadJoin(request.Query, out joins)) is { } refusal
            ? ValueTask.FromResult(Admission.Refuse(refusal))
            : BeginAsync(
                request,
                authenticator,
                (identity, token) => PinAsync(
                    new Admission { Identity = identity, Remote = request.RemoteEndPoint, Resume = resume, Joins = joins }, token),
                closing,
                peerGone);
    }

    /// <summary>Authenticates a request that belongs to an open connection; opens none.</summary>
    /// <inheritdoc cref="AdmitAsync"/>
    public ValueTask<Admission> IdentifyAsync(
        HandshakeRequest request, IConnectionAuthenticator? authenticator, CancellationToken closing, CancellationToken peerGone)
        => HandshakeRules.CheckTarget(request) is { } refusal
            ? ValueTask.FromResult(Admission.Refuse(refusal))
            : DecideAsync(
                request,
                authenticator,
                static (identity, _) => ValueTask.FromResult(new Admission { Identity = identity }),
                closing,
                peerGone);

    /// <summary>Serves an admitted connection to its end.</summary>
    /// <param name="admission">What was decided.</param>
    /// <param name="transport">Its transport.</param>
    /// <param name="create">Makes the connection; static, so that nothing more is kept for as long as it lives.</param>
    /// <param name="answer">Answers the handshake; nothing is written before it. False when the client is gone.</param>
    /// <param name="socket">The socket below, if there is one to tune.</param>
    public async Task ServeAsync<TTransport>(
        Admission admission,
        TTransport transport,
        Func<ConnectionServices, TTransport, Admission, Connection> create,
        Func<ValueTask<bool>> answer,
        Socket? socket)
    {
        var stream = admission.Stream!;
        admission.Compression = compression.Agree(admission.Extensions);
        try
        {
            if (!TryTune(socket) || !await answer())
            {
                return;
            }

            var connection = create(services, transport, admission);
            connection.Admit(admission);

            // Before the welcome may be written: whoever has the id from it finds the connection.
            registry.Add(connection);
            try
            {
                var isAttached = stream.TryAttach(connection.Subscription, admission.Resume, point => Welcome(connection, point));
                services.Metrics.ConnectionOpened(connection.Transport);
                stream.Observer.OnConnected();
                services.Observation.OnOpened(connection);
                using var scope = services.Logger.BeginScope(LogScope.OfConnection(connection.Id, connection.UserKey));
                Log.Opened(services.Logger, connection.Id, connection.UserId);
                if (bridge.State == BridgeState.Draining)
                {
                    registry.TellToReconnect(connection);
                }

                if (isAttached)
                {
                    SettleResumed(connection, admission.Resume);
                }
                else
                {
                    // A pinned stream is evicted only when its user is erased, or the pipeline has stopped; or the connection has ended.
                    connection.End(stream.Pins.IsErased ? ConnectionEndReason.UserErased : ConnectionEndReason.ServerShutdown);
                }

                admission.Bind(connection);
                await connection.RunAsync();
            }
            finally
            {
                registry.Remove(connection);
                connection.Discard();
            }
        }
        finally
        {
            stream.Pins.RemoveConnection();
            compression.End(admission.Compression);
            if (admission.IsHeld)
            {
                slots.Release();
                addresses.Release(admission.Remote);
                tenants.Release(admission.Identity!.TenantId);
            }
        }
    }

    /// <summary>Counts and logs a refusal; every door calls it, for its own refusals and for those decided here.</summary>
    public void OnRefused(HandshakeRefusal refusal, EndPoint? remote)
    {
        services.Metrics.HandshakeRefused(refusal.Status);
        services.Audit.HandshakeRefused(remote, refusal);
        Log.Refused(services.Logger, remote, refusal.Status, refusal.Code, refusal.Message);
    }

    // A cursor that was taken up has confirmed what lies below it.
    private void SettleResumed(Connection connection, in ResumeRequest resume)
    {
        if (resume.Seq is { } cursor && connection.Subscription.Start == cursor)
        {
            services.Spans.Settle(connection.Stream, connection.Subscription.CoverageFrom, cursor);
        }
    }

    // The server's own handshakes are not held up: a server that is flooded is not a broken one.
    private async ValueTask<Admission> BeginAsync(
        HandshakeRequest request,
        IConnectionAuthenticator? authenticator,
        Func<ConnectionIdentity, CancellationToken, ValueTask<Admission>> admit,
        CancellationToken closing,
        CancellationToken peerGone)
    {
        if (authenticator is OneTimeAuthenticator || canary.IsOf(request))
        {
            return await DecideAsync(request, authenticator, admit, closing, peerGone);
        }

        if (addresses.TryBegin(request.RemoteEndPoint) is { } refusal)
        {
            return Admission.Refuse(refusal);
        }

        try
        {
            return await DecideAsync(request, authenticator, admit, closing, peerGone);
        }
        finally
        {
            addresses.End(request.RemoteEndPoint);
        }
    }

    private async ValueTask<Admission> DecideAsync(
        HandshakeRequest request,
        IConnectionAuthenticator? authenticator,
        Func<ConnectionIdentity, CancellationToken, ValueTask<Admission>> admit,
        CancellationToken closing,
        CancellationToken peerGone)
    {
        var askedAt = services.Time.GetUtcNow();
        using var timeout = new CancellationTokenSource(door.Value.AdmissionTimeout, services.Time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, closing, peerGone);
        try
        {
            var result = await AuthenticateAsync(request, authenticator, any.Token);
            if (result.Identity is not { } identity)
            {
                return Admission.Refuse(new HandshakeRefusal(result.Status, CodeOf(result.Status), result.Message!));
            }

            var admission = await admit(identity, any.Token);
            (admission.Authenticator, admission.AskedAt) = (authenticator, askedAt);
            return admission;
        }
        catch (AuthenticationUnavailableException exception)
        {
            TellFailed(request, exception);
            return Admission.Refuse(new HandshakeRefusal(
                503, FailureCodes.WireName(FailureCode.AuthenticationUnavailable), exception.Message, RetryAfterSeconds));
        }
        catch (PipelineException exception)
        {
            // That clients come while the server starts or drains is no failure: they are told when to come back.
            if (!bridge.IsOfTheStart(exception) && exception.Code != FailureCode.Draining)
            {
                services.Failures.Report(exception);
            }

            return Admission.Refuse(new HandshakeRefusal(503, FailureCodes.WireName(exception.Code), exception.Message, RetryAfterSeconds));
        }
        catch (OperationCanceledException) when (peerGone.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException) when (closing.IsCancellationRequested)
        {
            return Admission.Refuse(
                new HandshakeRefusal(503, FailureCodes.WireName(FailureCode.Draining), "The server stops.", RetryAfterSeconds));
        }
        catch (OperationCanceledException exception) when (timeout.IsCancellationRequested)
        {
            TellFailed(request, exception);
            return Admission.Refuse(new HandshakeRefusal(
                503,
                "admission_timeout",
                $"Authenticating and loading the stream took longer than {door.Value.AdmissionTimeout} "
                + "(Netra:WebSockets:AdmissionTimeout).",
                RetryAfterSeconds));
        }
        catch (Exception exception)
        {
            // An authenticator's own cancellation is a failure too: the service it called gave up before our timeout.
            TellFailed(request, exception);
            return Admission.Refuse(
                new HandshakeRefusal(500, "internal_error", "The handshake could not be served; the server's log says why."));
        }
    }

    // When the service behind an authenticator fails, it fails for all clients at once.
    private void TellFailed(HandshakeRequest request, Exception exception) => services.Lines.Write(
        EventIds.HandshakeFailed,
        exception.GetType().Name,
        source: null,
        more => Log.HandshakeFailed(services.Logger, request.RemoteEndPoint?.ToString(), more, exception));

    private async ValueTask<Admission> PinAsync(Admission asked, CancellationToken cancellationToken)
    {
        var (userKey, tenantId) = (asked.UserKey!, asked.Identity!.TenantId);
        await bridge.WhenOpenAsync(services.Time, cancellationToken);
        bridge.EnsureConnectable(userKey);

        // The startup verification and the canary take one of the places for short requests: a full server is not a broken one.
        var isHeld = !IdentifierRules.IsReserved(userKey);
        if (isHeld && !slots.TryHold())
        {
            services.Limits.Refused(Limit.Connections);
            return Admission.Refuse(new HandshakeRefusal(
                503,
                "too_many_connections",
                $"{slots.HoldLimit} connections are held, which is the limit (Netra:Connections:MaxConnections, ulimit -n).",
                RetryAfterSeconds));
        }

        var isAdmitted = false;
        var isPlaced = false;
        var isOfTenant = false;
        try
        {
            if (isHeld && addresses.TryHold(asked.Remote) is { } refusal)
            {
                return Admission.Refuse(refusal);
            }

            isPlaced = isHeld;
            if (isHeld && tenants.TryHold(tenantId) is { } tenantRefusal)
            {
                return Admission.Refuse(tenantRefusal);
            }

            isOfTenant = isHeld;
            var stream = await streams.PinAsync(userKey, cancellationToken);
            isAdmitted = stream.Pins.TryAddConnection();
            stream.Pins.Remove();
            (asked.Stream, asked.IsHeld) = (stream, isHeld);
            return isAdmitted ? asked : Admission.Refuse(RefuseOfUser());
        }
        finally
        {
            if (isHeld && !isAdmitted)
            {
                slots.Release();
            }

            if (isPlaced && !isAdmitted)
            {
                addresses.Release(asked.Remote);
            }

            if (isOfTenant && !isAdmitted)
            {
                tenants.Release(tenantId);
            }
        }
    }

    private HandshakeRefusal RefuseOfUser()
    {
        services.Limits.Refused(Limit.ConnectionsOfUser);
        return new HandshakeRefusal(
            503,
            "too_many_connections",
            $"The user has {streams.MaxConnectionsPerUser} connections, which is the limit (Netra:Streams:MaxConnectionsPerUser).",
            RetryAfterSeconds);
    }

    private async ValueTask<AuthenticationResult> AuthenticateAsync(
        HandshakeRequest request, IConnectionAuthenticator? authenticator, CancellationToken cancellationToken)
    {
        if (await canary.TryAdmitAsync(request, cancellationToken) is { } admitted)
        {
            return admitted;
        }

        if (authenticator is null)
        {
            return AuthenticationResult.Unauthorized("No authenticator is registered (UseAuthenticator).");
        }

        var asked = authenticator.AuthenticateAsync(request, cancellationToken);
        var identity = asked.IsCompleted ? await asked : await WaitAsync(request, asked.AsTask(), cancellationToken);

        // No event can be emitted for such a user. Reserved users are let in by the canary's pass above, and by the verification's
        // listener.
        return identity.Identity is { } found
            && authenticator is not OneTimeAuthenticator
            && (IdentifierRules.ProblemOfTenant(found.TenantId) ?? IdentifierRules.ProblemOfUser(found.UserId)) is { } problem
            ? AuthenticationResult.Forbid(problem)
            : identity;
    }

    // An authenticator that ignores its token is abandoned: the handshake is answered in time and its place is freed. Its outcome is logged
    // once it is known.
    private async Task<AuthenticationResult> WaitAsync(
        HandshakeRequest request, Task<AuthenticationResult> asked, CancellationToken cancellationToken)
    {
        try
        {
            return await asked.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!asked.IsCompleted)
        {
            var remote = request.RemoteEndPoint?.ToString();
            _ = asked.ContinueWith(
                left => Log.AbandonedFailed(services.Logger, remote, left.Exception!),
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            throw;
        }
    }

    private bool TryTune(Socket? socket)
    {
        try
        {
            // Otherwise the kernel buffers megabytes for a page that reads nothing, and the stall stays unseen.
            socket?.SendBufferSize = services.Options.SendBufferBytes;
            return true;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The peer is gone already.
            return false;
        }
    }

    private byte[] Welcome(Connection connection, ResumePoint point)
    {
        var options = services.Options;
        return ServerMessageWriter.Welcome(new WelcomeMessage(
            connection.Id,
            connection.UserId,
            connection.Stream.Epoch,
            point.Head,
            point.From,
            point.Resumed,
            (long)options.PingInterval.TotalMilliseconds,
            (long)options.PingTimeout.TotalMilliseconds,
            (long)options.AckInterval.TotalMilliseconds,
            options.AckEvery)
        {
            TenantId = connection.TenantId is { Length: > 0 } tenantId ? tenantId : null,
            ExpiresInMs = connection.Credential?.ExpiresInMs,
            PostKey = connection.PostKey,
        });
    }

    private static string CodeOf(int status) => status switch
    {
        400 => "bad_request",
        401 => "unauthorized",
        _ => "forbidden",
    };

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.HandshakeFailed,
            LogLevel.Error,
            "A handshake from {RemoteEndPoint} failed{More}",
            EventName = nameof(EventIds.HandshakeFailed))]
        public static partial void HandshakeFailed(ILogger logger, string? remoteEndPoint, string more, Exception exception);

        [LoggerMessage(
            EventIds.AuthenticatorFailedLate,
            LogLevel.Warning,
            "The authenticator that a handshake from {RemoteEndPoint} had stopped waiting for has failed",
            EventName = nameof(EventIds.AuthenticatorFailedLate))]
        public static partial void AbandonedFailed(ILogger logger, string? remoteEndPoint, Exception exception);

        [LoggerMessage(
            EventIds.HandshakeRefused,
            LogLevel.Debug,
            "A handshake from {RemoteEndPoint} is refused with {Status} {Code}: {Problem}",
            EventName = nameof(EventIds.HandshakeRefused))]
        public static partial void Refused(ILogger logger, EndPoint? remoteEndPoint, int status, string code, string problem);

        [LoggerMessage(
            EventIds.ConnectionOpened,
            LogLevel.Debug,
            "Connection {ConnectionId} of {UserId} is open",
            EventName = nameof(EventIds.ConnectionOpened))]
        public static partial void Opened(ILogger logger, string connectionId, string userId);
    }
}
