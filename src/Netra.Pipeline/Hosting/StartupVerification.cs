using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Telemetry;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// Before any port takes traffic: the five lifecycle events go from registry, runner and tool executor over a real WebSocket to a client inside the process, and are
/// acknowledged. Otherwise the host refuses to start. The listener is private, on 127.0.0.1 and a port of the kernel's choice, and carries the same connection code as the public ones.
/// </summary>
internal sealed partial class StartupVerification(
    IEnumerable<IConnectionListenerFactory> listeners,
    ConnectionAcceptor acceptor,
    StreamRegistry streams,
    AgentRunner runner,
    UserExecutionContextFactory contexts,
    FailureReporter failures,
    IOptions<WebSocketDoorOptions> door,
    IOptions<HostingOptions> options,
    ILogger<StartupVerification> logger,
    TimeProvider time)
{
    private const string UserId = "$verification";

    private static readonly EventType[] Expected =
        [EventType.AgentStarted, EventType.AgentThinking, EventType.ToolExecuting, EventType.ToolCompleted, EventType.AgentCompleted];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        using var timeout = new CancellationTokenSource(options.Value.VerificationTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var context = contexts.CreateSystem(UserId, "startup-verification");
        var step = "finding a listener factory";
        try
        {
            var endPoint = new IPEndPoint(IPAddress.Loopback, 0);
            var factory = listeners.LastOrDefault(f => f is not IConnectionListenerFactorySelector selector || selector.CanBind(endPoint))
                ?? throw new InvalidOperationException("The host has no IConnectionListenerFactory: it does not run on Kestrel.");
            step = "binding the private listener";
            await using var listener = await factory.BindAsync(endPoint, either.Token);
            var authenticator = new OneTimeAuthenticator(UserId);
            var serving = ServeOneAsync(listener, authenticator, either.Token);
            step = "connecting";
            var address = new Uri($"ws://{listener.EndPoint}{door.Value.Path}?token={authenticator.Token}");
            using (var client = await VerificationClient.ConnectAsync(address, either.Token))
            {
                step = "running the verification agent";
                var answering = client.AnswerAsync(either.Token);
                await runner.RunAsync(VerificationAgent.AgentName, context.RequestId, context, cancellationToken: either.Token);
                step = "receiving the events";
                Check(await answering);
                step = "waiting for the acknowledgement";
                await client.CloseAsync(either.Token);
            }

            step = "ending the connection";
            await serving.WaitAsync(either.Token);
            await CheckAcknowledgedAsync(either.Token);
            Log.Passed(logger, context.RunId, time.GetElapsedTime(begun).TotalMilliseconds);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var reason = timeout.IsCancellationRequested
                ? $"{step}: not done within {options.Value.VerificationTimeout} (Netra:Hosting:VerificationTimeout)"
                : $"{step}: {exception.Message}";
            var failure = StartupVerificationException.Failed(context.ScopeOf("startup verification"), [reason], exception);
            failures.Report(failure);
            throw failure;
        }
    }

    private async Task ServeOneAsync(IConnectionListener listener, OneTimeAuthenticator authenticator, CancellationToken cancellationToken)
    {
        var connection = await listener.AcceptAsync(cancellationToken) ?? throw new InvalidOperationException("The private listener was closed.");
        await using (connection)
        {
            var fastDoor = new FastDoor(
                static _ => throw new InvalidOperationException("The private listener takes nothing but the verification's WebSocket."),
                acceptor,
                authenticator,
                door.Value.Path,
                HandshakeLimits.From(new KestrelServerLimits()),
                time);
            await fastDoor.OnConnectionAsync(connection);
        }
    }

    /// <summary>Whether a client has received what it must.</summary>
    internal static void Check(IReadOnlyList<EventType> received)
    {
        var lifecycle = received.Where(static type => type != EventType.Token).ToArray();
        if (!lifecycle.SequenceEqual(Expected))
        {
            throw new InvalidOperationException($"the client received {string.Join(", ", lifecycle.Select(EventTypes.WireName))} instead of the five lifecycle events");
        }
    }

    private async Task CheckAcknowledgedAsync(CancellationToken cancellationToken)
    {
        var stream = await streams.PinAsync(UserId, cancellationToken);
        var snapshot = stream.Snapshot();
        stream.Unpin();
        if (snapshot.ContiguouslyAcknowledged != snapshot.Head && snapshot.Acknowledged == 0)
        {
            throw new InvalidOperationException($"of {snapshot.Head} events {snapshot.Acknowledged} were acknowledged");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.VerificationPassed, LogLevel.Information,
            "Startup verification {RunId} passed: five lifecycle events sent, received and acknowledged over a WebSocket in {RoundTripMs:F1} ms", EventName = nameof(EventIds.VerificationPassed))]
        public static partial void Passed(ILogger logger, string runId, double roundTripMs);
    }
}
