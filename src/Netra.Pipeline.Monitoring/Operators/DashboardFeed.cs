using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Access;
using Netra.Pipeline.Http;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// One feed of a dashboard over server-sent events (docs/protocol.md, section 11.4). It keeps the newest state alone: whoever reads more
/// slowly than states come misses those in between, and nothing queues up. Told from any thread, and written by its request alone.
/// </summary>
/// <param name="feeds">All feeds.</param>
/// <param name="subject">What it shows.</param>
/// <param name="intervalSeconds">How often it has news.</param>
/// <param name="time">The clock.</param>
internal sealed class DashboardFeed(DashboardFeeds feeds, DashboardSubject subject, int intervalSeconds, TimeProvider time)
{
    // Below the minute after which proxies cut what is silent.
    private static readonly TimeSpan HeartbeatPeriod = TimeSpan.FromSeconds(15);

    // Over which time pages come back when the server stops, so that they do not all come at once.
    private const int LeastReturnMs = 500;
    private const int MostReturnMs = 3000;

    private readonly Channel<(long Number, ReadOnlyMemory<byte> State)> _newest =
        Channel.CreateBounded<(long, ReadOnlyMemory<byte>)>(new BoundedChannelOptions(1)
        {
            FullMode = BoundedChannelFullMode.DropOldest,
            SingleReader = true,
        });

    private long _told;

    public DashboardSubject Subject => subject;

    /// <summary>Whether it has news in this second. Feeds of one interval are due together; the first state comes at once.</summary>
    public bool IsDue(long second) => second % intervalSeconds == 0 || Volatile.Read(ref _told) == 0;

    /// <summary>Has a newer state written; one that waits still is forgotten.</summary>
    public void Tell(ReadOnlyMemory<byte> state) => _newest.Writer.TryWrite((Interlocked.Increment(ref _told), state));

    /// <summary>Answers the request, until the peer is gone, its credential ends, or the server stops.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, HttpHandshake.ClosingOf(context), Caller.Of(context).Ended);
        try
        {
            await BeginAsync(context);
            await WriteStatesAsync(context.Response.BodyWriter, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            await EndAsync(context);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException
            && context.RequestAborted.IsCancellationRequested)
        {
            // The page is closed.
        }
        finally
        {
            feeds.Close(this);
        }
    }

    private static async Task BeginAsync(HttpContext context)
    {
        await ServerSentEvents.BeginAsync(context);
        Write(context.Response.BodyWriter, $"retry: {LeastReturnMs}\n\n");
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    // Told why, and when to come back: in the order of its random number.
    private static async Task EndAsync(HttpContext context)
    {
        var hasExpired = Caller.Of(context).Ended.IsCancellationRequested;
        var (reason, reconnect) = hasExpired ? ("credential_expired", "false") : ("server_shutdown", "true");
        var pause = RandomNumberGenerator.GetInt32(LeastReturnMs, MostReturnMs);
        Write(
            context.Response.BodyWriter,
            string.Create(
                CultureInfo.InvariantCulture,
                $"retry: {pause}\nevent: end\ndata: {{\"reason\":\"{reason}\",\"reconnect\":{reconnect},"
                + $"\"retry_ms\":{pause}}}\n\n"));
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static void Write(PipeWriter output, string text) => Encoding.UTF8.GetBytes(text, output);

    private async Task WriteStatesAsync(PipeWriter output, CancellationToken ending)
    {
        while (true)
        {
            if (await HasNewsAsync(ending) && _newest.Reader.TryRead(out var newest))
            {
                Write(output, string.Create(CultureInfo.InvariantCulture, $"id: {newest.Number}\nevent: state\ndata: "));
                output.Write(newest.State.Span);
                Write(output, "\n\n");
            }
            else
            {
                Write(output, ":\n\n");
            }

            // Waits while the peer reads nothing. Kestrel cuts one that goes on reading less than its least rate.
            await output.FlushAsync(ending);
        }
    }

    // False when it is time for a sign of life.
    private async Task<bool> HasNewsAsync(CancellationToken ending)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(ending);
        await using var timer = time.CreateTimer(
            static waiting => ((CancellationTokenSource)waiting!).Cancel(), waiting, HeartbeatPeriod, Timeout.InfiniteTimeSpan);
        try
        {
            return await _newest.Reader.WaitToReadAsync(waiting.Token);
        }
        catch (OperationCanceledException) when (!ending.IsCancellationRequested)
        {
            return false;
        }
    }
}
