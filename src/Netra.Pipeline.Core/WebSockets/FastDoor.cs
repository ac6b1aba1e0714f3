using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Edge;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// The fast door: a connection middleware that looks at the first request of each connection. A WebSocket on our path is taken right there,
/// past HTTP; everything else is passed on with its bytes untouched.
/// </summary>
internal sealed class FastDoor(
    ConnectionDelegate next,
    ConnectionAcceptor acceptor,
    IConnectionAuthenticator? authenticator,
    ConnectionSlots slots,
    FastDoorPath path,
    HandshakeLimits limits,
    RequestChecks? checks,
    TimeProvider time)
{
    public async Task OnConnectionAsync(ConnectionContext context)
    {
        // Variables of this method live as long as the connection, so parser and request are not among them.
        Admission? admission;
        try
        {
            admission = await EnterAsync(context);
        }
        catch (Exception exception) when (IsGone(exception))
        {
            // The peer disconnected in the middle of its request.
            return;
        }

        // Outside of the try: HTTP handles its own exceptions.
        if (admission is null)
        {
            var input = new HttpInput(context, slots);
            context.Transport = input;
            context.Features.Set(new HttpSlot(context, input, slots));
            await next(context);
            return;
        }

        try
        {
            await (admission.Refusal is { } refusal ? RefuseAsync(context, refusal) : ServeAsync(context, admission));

            // Completing the pipes sends what is written and then FIN; Kestrel waits for both.
            await context.Transport.Output.CompleteAsync();
            await context.Transport.Input.CompleteAsync();
        }
        catch (Exception exception) when (IsGone(exception))
        {
            // Over TLS the pipes are streams, and throw when the peer is gone before the last bytes.
        }
    }

    private static bool IsGone(Exception exception) => exception is IOException or OperationCanceledException or ObjectDisposedException;

    /// <summary>Reads the request and decides about it.</summary>
    /// <returns>Null when it is for HTTP.</returns>
    private async Task<Admission?> EnterAsync(ConnectionContext context)
    {
        var parser = new HandshakeParser(path, limits);
        var closing = context.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        try
        {
            slots.BeginWaiting(context);
            if (!await ReadHeadAsync(context.Transport.Input, parser, closing))
            {
                return null;
            }
        }
        catch (HandshakeRefusedException exception)
        {
            return Admission.Refuse(exception.Refusal);
        }
        finally
        {
            slots.EndWaiting(context);
        }

        var (head, isSecure) = (parser.Head, context.Features.Get<ITlsConnectionFeature>() is not null);
        if (checks is not null)
        {
            // The connection carries this one request, so its address is the connection's from now on.
            (context.RemoteEndPoint, isSecure) = checks.Forwarded.Apply(head.Headers, context.RemoteEndPoint, isSecure);
            if (checks.Check(head.Headers, isSecure, asksForOrigin: true) is { } refusal)
            {
                return Admission.Refuse(refusal);
            }
        }

        var request = new HandshakeRequest
        {
            Path = path.Value,
            Target = head.Path + head.QueryString,
            Query = new QueryCollection(QueryHelpers.ParseQuery(head.QueryString)),
            Headers = head.Headers,
            RemoteEndPoint = context.RemoteEndPoint,
            IsSecure = isSecure,
        };

        // A client that asks for a WebSocket and ends its side at once does not want one.
        var peerGone = context is AcceptedConnection accepted ? accepted.InputEnded : context.ConnectionClosed;
        return await acceptor.AdmitAsync(request, authenticator, closing, peerGone);
    }

    // The end of input is seen in the input itself: a peer that ends its side after its request, as `nc -N` does, still has to be answered.
    /// <returns>Whether the request is ours; if not, no byte of it is consumed.</returns>
    private async Task<bool> ReadHeadAsync(PipeReader input, HandshakeParser parser, CancellationToken closing)
    {
        using var timeout = new CancellationTokenSource(limits.FirstByteTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, closing);
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
                    408,
                    "handshake_timeout",
                    $"The request was not complete within {limits.HeadersTimeout} (KestrelServerLimits.RequestHeadersTimeout)."));
            }
            catch (OperationCanceledException)
            {
                // Nothing came, or the server stops: close without an answer, as Kestrel does with an idle connection.
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
                    // Bytes that the client sent after its request stay: they are read as frames.
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

    private async Task RefuseAsync(ConnectionContext context, HandshakeRefusal refusal)
    {
        acceptor.OnRefused(refusal, context.RemoteEndPoint);
        await context.Transport.Output.WriteAsync(HandshakeResponse.Refuse(refusal));
    }

    private async Task ServeAsync(ConnectionContext context, Admission admission)
    {
        var transport = new ConnectionTransport(context.Transport, context.RemoteEndPoint, admission.Subprotocol, () => context.Abort());
        using var closing = context.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested
            .UnsafeRegister(static state => ((Admission)state!).OnServerClosing(), admission);
        await acceptor.ServeAsync(
            admission,
            transport,
            WebSocketConnection.Create,
            () => AnswerAsync(context.Transport.Output, admission),
            context.Features.Get<IConnectionSocketFeature>()?.Socket);
    }

    private static async ValueTask<bool> AnswerAsync(PipeWriter output, Admission admission)
    {
        var flushed = await output.WriteAsync(
            HandshakeResponse.Accept(admission.Key!, admission.Subprotocol, admission.Compression?.Answer));
        return !flushed.IsCompleted;
    }
}
