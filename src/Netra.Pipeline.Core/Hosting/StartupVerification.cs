using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Streams;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// Before any port takes traffic: the five lifecycle events go from registry, runner and tool executor over a real WebSocket to a client
/// inside the process, and are acknowledged, each of them in this very round. Otherwise the host refuses to start. The listener is private,
/// on 127.0.0.1 and a port of the kernel's choice, and carries the same connection code as the public ones.
/// </summary>
internal sealed partial class StartupVerification(
    IEnumerable<IConnectionListenerFactory> listeners,
    ConnectionAcceptor acceptor,
    ConnectionSlots slots,
    StreamRegistry streams,
    AgentRunner runner,
    UserExecutionContextFactory contexts,
    IOptions<WebSocketDoorOptions> door,
    IOptions<HostingOptions> options,
    ILogger<StartupVerification> logger,
    ServedTime time)
{
    private const string UserId = "$verification";

    /// <summary>Runs one round.</summary>
    /// <exception cref="StartupVerificationException">It failed; the reason names the step. The caller reports it.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        using var timeout = new CancellationTokenSource(options.Value.VerificationTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var context = contexts.CreateSystem(UserId, "startup-verification");
        var round = new VerificationRound(context.RunId);
        var step = "loading the stream";
        UserStream? stream = null;
        try
        {
            // Pinned until the round is checked: only a loaded stream knows what was acknowledged.
            stream = await streams.PinAsync(UserId, either.Token);
            step = "finding a listener factory";
            var endPoint = new IPEndPoint(IPAddress.Loopback, 0);
            var factory = listeners.LastOrDefault(f => f is not IConnectionListenerFactorySelector selector || selector.CanBind(endPoint))
                ?? throw new InvalidOperationException("The host has no IConnectionListenerFactory: it does not run on Kestrel.");
            step = "binding the private listener";
            await using var listener = await factory.BindAsync(endPoint, either.Token);
            var authenticator = new OneTimeAuthenticator(UserId);
            var serving = ServeOneAsync(listener, authenticator, either.Token);
            serving.ObserveFailure();
            step = "connecting";
            var address = new Uri($"ws://{listener.EndPoint}{door.Value.Path}?token={authenticator.Token}");
            using (var client = await VerificationClient.ConnectAsync(address, round, either.Token))
            {
                step = "running the verification agent";
                var answering = client.AnswerAsync(round, either.Token);
                await runner.RunAsync(VerificationAgent.AgentName, context.RequestId, context, cancellationToken: either.Token);
                step = "receiving the events";
                await answering;
                step = "waiting for the acknowledgement";
                await client.CloseAsync(either.Token);
            }

            step = "ending the connection";
            await serving.WaitAsync(either.Token);
            step = "judging the events";
            round.Check(stream.Stages.IsAcknowledged);
            Log.Passed(logger, context.RunId, time.GetElapsedTime(begun).TotalMilliseconds);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var reason = timeout.IsCancellationRequested
                ? $"{step}: not done within {options.Value.VerificationTimeout} (Netra:Hosting:VerificationTimeout)"
                : $"{step}: {exception.Message}";
            throw StartupVerificationException.Failed(context.ScopeOf("startup verification"), [reason], exception);
        }
        finally
        {
            stream?.Pins.Remove();
        }
    }

    private async Task ServeOneAsync(IConnectionListener listener, OneTimeAuthenticator authenticator, CancellationToken cancellationToken)
    {
        var connection = await listener.AcceptAsync(cancellationToken)
            ?? throw new InvalidOperationException("The private listener was closed.");
        await using (connection)
        {
            var fastDoor = new FastDoor(
                static _ => throw new InvalidOperationException("The private listener takes nothing but the verification's WebSocket."),
                acceptor,
                authenticator,
                slots,
                new FastDoorPath(door.Value.Path),
                HandshakeLimits.From(new KestrelServerLimits()),
                checks: null,
                time);
            await fastDoor.OnConnectionAsync(connection);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.VerificationPassed,
            LogLevel.Information,
            "Startup verification {RunId} passed: five lifecycle events sent, received and "
            + "acknowledged over a WebSocket in {RoundTripMs:F1} ms",
            EventName = nameof(EventIds.VerificationPassed))]
        public static partial void Passed(ILogger logger, string runId, double roundTripMs);
    }
}
