using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Telemetry;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// The fast door: a connection middleware that looks at the first request of each connection. A WebSocket on our path is taken right there, past HTTP; everything else is given on
/// with its bytes untouched.
/// </summary>
internal sealed class FastDoor(
    ConnectionDelegate next,
    ConnectionAcceptor acceptor,
    IConnectionAuthenticator? authenticator,
    string path,
    HandshakeLimits limits,
    PipelineMetrics metrics,
    TimeProvider time)
{
    public async Task OnConnectionAsync(ConnectionContext context)
    {
        var parser = new HandshakeParser(path, limits);
        HandshakeRefusal? refusal;
        try
        {
            if (!await ReadHeadAsync(context, parser))
            {
                await next(context);
                return;
            }

            refusal = await AcceptAsync(context, parser);
        }
        catch (HandshakeRefusedException exception)
        {
            refusal = exception.Refusal;
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException or ConnectionResetException)
        {
            // The peer went away in the middle of its request: nobody is left to answer.
            return;
        }

        if (refusal is not null)
        {
            metrics.HandshakeRefused(refusal.Status);
            await context.Transport.Output.WriteAsync(HandshakeResponse.Refuse(refusal));
        }

        // Completing the pipes sends what is written and then FIN; Kestrel waits for both.
        await context.Transport.Output.CompleteAsync();
        await context.Transport.Input.CompleteAsync();
    }

    /// <returns>Whether the request is ours; if not, no byte of it is consumed.</returns>
    private async Task<bool> ReadHeadAsync(ConnectionContext context, HandshakeParser parser)
    {
        var input = context.Transport.Input;
        var closing = context.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        using var timeout = new CancellationTokenSource(limits.FirstByteTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, closing, context.ConnectionClosed);
        var begun = false;
        while (true)
        {
            ReadResult result;
            try
            {
                result = await input.ReadAsync(either.Token);
            }
            catch (OperationCanceledException) when (timeout.IsCancellationRequested && begun)
            {
                throw new HandshakeRefusedException(new HandshakeRefusal(
                    408, "handshake_timeout", $"The request was not complete within {limits.HeadersTimeout} (KestrelServerLimits.RequestHeadersTimeout)."));
            }
            catch (OperationCanceledException)
            {
                // Nothing came, or the server stops: close without a word, as Kestrel does with an idle connection.
                throw new ConnectionAbortedException();
            }

            var progress = HandshakeProgress.NeedMore;
            try
            {
                progress = result.Buffer.IsEmpty && result.IsCompleted ? HandshakeProgress.NotOurs : parser.Parse(result.Buffer);
            }
            finally
            {
                if (progress == HandshakeProgress.Complete)
                {
                    // What the client sent after its request stays: it is read as frames.
                    input.AdvanceTo(result.Buffer.GetPosition(parser.HeadLength));
                }
                else if (progress == HandshakeProgress.NotOurs || result.IsCompleted)
                {
                    input.AdvanceTo(result.Buffer.Start);
                }
                else
                {
                    input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                }
            }

            if (progress != HandshakeProgress.NeedMore)
            {
                return progress == HandshakeProgress.Complete;
            }

            if (result.IsCompleted)
            {
                return false;
            }

            if (!begun && !result.Buffer.IsEmpty)
            {
                begun = true;
                timeout.CancelAfter(limits.HeadersTimeout);
            }
        }
    }

    private async Task<HandshakeRefusal?> AcceptAsync(ConnectionContext context, HandshakeParser parser)
    {
        var request = new HandshakeRequest
        {
            Path = parser.Head.Path,
            Query = new QueryCollection(QueryHelpers.ParseQuery(parser.Head.QueryString)),
            Headers = parser.Head.Headers,
            RemoteEndPoint = context.RemoteEndPoint,
            IsSecure = context.Features.Get<ITlsConnectionFeature>() is not null,
        };
        var admission = await acceptor.AdmitAsync(request, authenticator, context.ConnectionClosed);
        if (admission.Refusal is { } refusal)
        {
            return refusal;
        }

        var transport = new ConnectionTransport(context.Transport, context.RemoteEndPoint, admission.Subprotocol, () => context.Abort());
        using var closing = context.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested
            .UnsafeRegister(static state => ((Admission)state!).OnServerClosing(), admission);
        await acceptor.ServeAsync(
            admission,
            transport,
            () => context.Transport.Output.WriteAsync(HandshakeResponse.Accept(request.Headers.SecWebSocketKey.ToString(), admission.Subprotocol)),
            context.Features.Get<IConnectionSocketFeature>()?.Socket);
        return null;
    }
}
