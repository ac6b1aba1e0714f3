using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Access;
using Netra.Pipeline.Commands;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Http;
using Netra.Pipeline.Limits;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// A request with many events, a line each. Lines are taken as they arrive and answered as they are stored, by two loops with a bounded
/// queue between them, so one request may live as long as a run. When the publisher goes away, what was accepted stays.
/// </summary>
internal sealed class EventLinesHandler(
    EventPublisher publisher,
    OpenRequests requests,
    CommandRegistry commands,
    FailureReporter failures,
    PublisherAccounts accounts,
    LimitMetrics limits,
    IOptions<PublishOptions> options,
    TimeProvider time)
{
    private const string Operation = "PublishLines";
    private const int KeepAliveSeconds = 15;

    // How many refused lines are counted together.
    private const int RefusalsAtOnce = 64;
    private static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LingerTimeout = TimeSpan.FromMilliseconds(750);

    public async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Headers.ContainsKey(PublishRequest.KeyHeader))
        {
            await RefuseKeyAsync(context);
            return;
        }

        var query = CommandQuery.OfPublish(context.Request.Query, out var problem);
        if (problem is not null)
        {
            await ProblemDocument.BadRequest(problem).ExecuteAsync(context);
            return;
        }

        if (query.WantsMessages && AccessGuard.RefuseUser(context, userKey: null) is { } forbidden)
        {
            await forbidden.ExecuteAsync(context);
            return;
        }

        var (input, response) = (context.Request.BodyReader, context.Response);
        if (!requests.TryOpen(RequestAuthor.IdOf(context.User), input.CancelPendingRead, out var slot))
        {
            await requests.RefuseAsync(context);
            return;
        }

        using var open = slot;
        var self = new RunPublisher(RequestAuthor.IdOf(context.User));
        CommandReader? reader;
        try
        {
            reader = query.Reads
                ? await commands.OpenReaderAsync(self.Id, self, query.WantsMessages, context.RequestAborted)
                : null;
        }
        catch (PipelineException exception)
        {
            failures.Report(exception);
            await PublishAnswer.WriteAsync(context, default, PublishRejection.From(exception));
            return;
        }

        using var reading = reader;
        LiftRates(context);

        // Begun before the response: a client that waits for "100 Continue" gets it now or never.
        var first = input.ReadAsync(context.RequestAborted);
        DescribeAnswer(response);
        try
        {
            await response.StartAsync(context.RequestAborted);
            await response.BodyWriter.FlushAsync(context.RequestAborted);
        }
        catch (Exception)
        {
            // Nobody is left to answer, but the next read on the connection must not meet this one.
            input.CancelPendingRead();
            await ((Task)first.AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        await using var request = publisher.Begin(context, self, isUrgent: false);
        var receipts = new ReceiptQueue(options, time);
        var writing = WriteAsync(context, receipts, reader);
        var closing = HttpHandshake.ClosingOf(context);
        var hasAll = false;
        try
        {
            // The server's stop ends reading, not the answers: whatever has been taken is still confirmed.
            await using var stopping = closing.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), input);
            await using var ending = Caller.Of(context).Ended.UnsafeRegister(
                static reader => ((PipeReader)reader!).CancelPendingRead(), input);
            hasAll = await ReadAsync(context, input, first, request, receipts, open);
        }
        finally
        {
            // A request that the server itself ends has not broken off.
            request.IsComplete = hasAll || IsEnding(context);
            receipts.Complete();
            await writing;
        }

        if (!hasAll && !context.RequestAborted.IsCancellationRequested)
        {
            await response.CompleteAsync();
            await LingerAsync(context, input);
        }
    }

    // One key cannot stand for many events, and ignoring it would leave its publisher without the safety that it relies on.
    private Task RefuseKeyAsync(HttpContext context)
    {
        const string Problem = "is for a single event: here each line has an idempotency_key of its own";
        var refusal = SendFailureException.InvalidEvent(new FailureScope(Operation), PublishRequest.KeyHeader, Problem);
        failures.Report(refusal);
        return PublishAnswer.WriteAsync(context, default, PublishRejection.From(refusal));
    }

    // Returns whether it has read to the request's end.
    private async Task<bool> ReadAsync(
        HttpContext context,
        PipeReader input,
        ValueTask<ReadResult> reading,
        PublishRequest request,
        ReceiptQueue receipts,
        OpenRequest open)
    {
        var account = accounts.Of(request.Publisher);
        var refused = 0;
        var splitter = new LineSplitter(publisher.MaxBodyBytes);
        var isFirst = true;
        while (true)
        {
            var result = await reading;
            var buffer = result.Buffer;
            var (lines, length) = (0, buffer.Length);
            try
            {
                if (result.IsCanceled && !(open.TakeAskedToEnd() && request.HasOpenRun && !IsEnding(context)))
                {
                    return false;
                }

                open.Touch();

                while (splitter.TryRead(ref buffer, result.IsCompleted, out var line) is var state and not LineState.None)
                {
                    line = isFirst ? JsonBody.WithoutMark(line) : line;
                    isFirst = false;
                    if (state == LineState.Complete && IsBlank(line))
                    {
                        continue;
                    }

                    var outcome = state == LineState.TooLong
                        ? await publisher.RejectTooLongAsync("line", line, request, context.RequestAborted)
                        : await publisher.PublishAsync(line.IsSingleSegment ? line.First : line.ToArray(), request, context.RequestAborted);
                    lines++;
                    if (outcome.Rejection is not null && ++refused % RefusalsAtOnce == 0)
                    {
                        account.SpendRefusedLines(RefusalsAtOnce);
                        await RestAsync(context, () => account.SpendRefusedLines(lines: 0));
                    }

                    if (!await receipts.TryAddAsync(outcome, context.RequestAborted))
                    {
                        End(context, outcome.Context);
                        return false;
                    }
                }

                if (result.IsCompleted)
                {
                    return true;
                }
            }
            finally
            {
                length -= buffer.Length;
                input.AdvanceTo(buffer.Start, buffer.End);
            }

            if (account.Spend(lines, length) > TimeSpan.Zero)
            {
                await RestAsync(context, () => account.Spend(lines: 0, bytes: 0));
            }

            reading = input.ReadAsync(context.RequestAborted);
        }
    }

    // A publisher that sends too much is read later; its lines wait in its own socket.
    private async ValueTask RestAsync(HttpContext context, Func<TimeSpan> left)
    {
        while (left() is { Ticks: > 0 } rest && !IsEnding(context))
        {
            limits.Delayed(Limit.PublishedLines);
            await Task.Delay(rest < LongestRest ? rest : LongestRest, time, context.RequestAborted);
        }
    }

    // After the end of its answer a publisher should close. One that sends on must not delay the server's stop, but cutting it off at once
    // could lose its last receipts.
    private async Task LingerAsync(HttpContext context, PipeReader input)
    {
        using var patience = new CancellationTokenSource(LingerTimeout, time);
        try
        {
            while (await input.ReadAsync(patience.Token) is { IsCompleted: false } result)
            {
                input.AdvanceTo(result.Buffer.End);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            context.Abort();
        }
    }

    private async Task WriteAsync(HttpContext context, ReceiptQueue receipts, CommandReader? commandReader)
    {
        try
        {
            var writer = new ReceiptWriter(
                publisher, receipts.Reader, commandReader, context.Response.BodyWriter, options.Value.AnswerKeepAlive, time);
            await writer.RunAsync(context.RequestAborted);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The publisher is gone, and reading ends by that too.
        }
        catch (Exception exception)
        {
            // Reading on without answers would be a silent failure.
            failures.Report(
                SendFailureException.NotSent(new FailureScope(Operation), "the receipts could not be written", innerException: exception));
            context.Abort();
        }
    }

    private void End(HttpContext context, UserExecutionContext? run)
    {
        var scope = run?.ScopeOf(Operation) ?? new FailureScope(Operation);
        failures.Report(Failure.In(
            FailureCode.SendFailed,
            scope,
            $"{Operation} failed: {options.Value.MaxUnreadReceipts} receipts wait (Netra:Publish:MaxUnreadReceipts) "
            + $"and none could be delivered within {options.Value.UnreadReceiptTimeout} "
            + "(Netra:Publish:UnreadReceiptTimeout); the request is ended, what was accepted stays") with
        {
            // No user is missing anything: the publisher sends again what the request has not brought yet.
            IsPublishersOwn = true,
        });
        context.Abort();
    }

    // The server stops, or the publisher's credential is over.
    private static bool IsEnding(HttpContext context)
        => Caller.Of(context).Ended.IsCancellationRequested
            || HttpHandshake.ClosingOf(context).IsCancellationRequested;

    private static bool IsBlank(in ReadOnlySequence<byte> line)
    {
        foreach (var segment in line)
        {
            if (segment.Span.ContainsAnyExcept(" \t\r"u8))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Says what a long answer is: lines, which nobody on the way may keep or change.</summary>
    public static void DescribeAnswer(HttpResponse response)
    {
        response.ContentType = "application/x-ndjson";
        response.Headers.CacheControl = "no-store, no-transform";
    }

    /// <summary>
    /// Lifts the minimum data rates: a run may be silent for minutes, and its publisher may read nothing meanwhile. TCP keep-alive notices
    /// a publisher whose machine is gone.
    /// </summary>
    public static void LiftRates(HttpContext context)
    {
        context.Features.Get<IHttpMinRequestBodyDataRateFeature>()?.MinDataRate = null;
        context.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate = null;
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        if (context.Features.Get<IConnectionSocketFeature>()?.Socket
            is { AddressFamily: AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 } socket)
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, optionValue: true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveSeconds);
        }
    }
}
