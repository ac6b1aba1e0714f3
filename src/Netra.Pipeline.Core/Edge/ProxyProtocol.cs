using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Edge;

/// <summary>
/// A connection middleware before all others, TLS included: it takes the PROXY protocol's line from the beginning of each connection, and
/// the client's address from the line. Where the option is off it does nothing. Safe from any thread.
/// </summary>
internal sealed partial class ProxyProtocol(
    TrustedProxies trusted,
    IOptions<ProxyOptions> options,
    ConnectionSlots slots,
    EdgeMetrics metrics,
    PeerLog lines,
    ServedTime time,
    ILogger<ProxyProtocol> logger)
{
    private const string Code = "proxy_protocol";
    private const string Stranger = "the peer is not in Netra:Proxies:Trusted";

    /// <summary>What this server's own requests to itself begin with.</summary>
    public static ReadOnlyMemory<byte> OwnLine { get; } = "PROXY UNKNOWN\r\n"u8.ToArray();

    public ConnectionDelegate Wrap(ConnectionDelegate next)
        => options.Value.ProxyProtocol ? context => OnConnectionAsync(context, next) : next;

    private async Task OnConnectionAsync(ConnectionContext context, ConnectionDelegate next)
    {
        var (isTaken, problem) = await TakeLineAsync(context);
        if (problem is not null)
        {
            metrics.Refused(Code);
            lines.Write(
                EventIds.ProxyLineRefused,
                problem,
                PeerLog.SourceOf(context.RemoteEndPoint),
                more => Log.Refused(logger, context.RemoteEndPoint, problem, more));
        }

        if (isTaken)
        {
            await next(context);
        }
        else
        {
            context.Abort(new ConnectionAbortedException(problem ?? string.Empty));
        }
    }

    // Without a problem and not taken: the peer has ended the connection without a byte, as probes do.
    private async Task<(bool IsTaken, string? Problem)> TakeLineAsync(ConnectionContext context)
    {
        var peer = (context.RemoteEndPoint as IPEndPoint)?.Address;
        var isTrusted = trusted.Contains(peer);
        if (!isTrusted && (peer is null || !IPAddress.IsLoopback(peer)))
        {
            return (false, Stranger);
        }

        using var timeout = new CancellationTokenSource(options.Value.ProxyProtocolTimeout, time);
        slots.BeginWaiting(context);
        try
        {
            if (await ReadAsync(context, timeout.Token) is not { } line)
            {
                return (false, "it does not begin with a line of the PROXY protocol, version 1");
            }

            // A line without a client changes nothing, so this machine may say it: the canary does.
            if (line.Client is not null && !isTrusted)
            {
                return (false, Stranger);
            }

            context.RemoteEndPoint = line.Client ?? context.RemoteEndPoint;
            return (true, null);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return (
                false,
                $"no line of the PROXY protocol came within {options.Value.ProxyProtocolTimeout} (Netra:Proxies:ProxyProtocolTimeout)");
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            return (false, null);
        }
        finally
        {
            slots.EndWaiting(context);
        }
    }

    private static async ValueTask<ProxyLine?> ReadAsync(ConnectionContext context, CancellationToken cancellationToken)
    {
        var input = context.Transport.Input;
        while (true)
        {
            var result = await input.ReadAsync(cancellationToken);
            var isLine = ProxyLine.TryRead(result.Buffer, out var line);
            if (line is not null)
            {
                input.AdvanceTo(result.Buffer.GetPosition(line.Length));
                return line;
            }

            var isEmpty = result.Buffer.IsEmpty;
            input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (isEmpty && result.IsCompleted)
            {
                throw new IOException("The peer has ended the connection.");
            }

            if (!isLine || result.IsCompleted)
            {
                return null;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.ProxyLineRefused,
            LogLevel.Warning,
            "A connection from {RemoteEndPoint} was closed (Netra:Proxies:ProxyProtocol is on): {Problem}{More}",
            EventName = nameof(EventIds.ProxyLineRefused))]
        public static partial void Refused(ILogger logger, EndPoint? remoteEndPoint, string problem, string more);
    }
}
