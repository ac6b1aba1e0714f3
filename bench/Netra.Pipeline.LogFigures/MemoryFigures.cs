using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Netra.Pipeline.LogFigures;

/// <summary>
/// What memory a server has while many pages read nothing, and when they have left; of the standalone server as it is, and of another build
/// of it.
/// </summary>
internal sealed class MemoryFigures(FigureReport report, string? before)
{
    private const int Users = 500;
    private const int Events = 400;
    private const int EventBytes = 4_000;
    private const int Publishers = 8;
    private const int MaxUnanswered = 500;
    private const long HeapLimit = 384L * 1024 * 1024;
    private static readonly int[] SecondsAfter = [5, 15, 30, 75];

    public async Task MakeAsync()
    {
        report.Heading(
            "Memory of pages that do not read",
            $"The standalone server with its defaults; {Users} users with a WebSocket each that never reads, {Events} events of "
            + $"{EventBytes:N0} bytes to each of them over HTTP. Resident memory in MB: at start, while they are there, and after they "
            + $"have left. With a heap of at most {HeapLimit / (1024 * 1024)} MiB, whether all events were accepted.");
        report.Line(
            "| build | start | with all of them | "
            + string.Join(" | ", SecondsAfter.Select(static s => $"{s} s after"))
            + " | events accepted | with the small heap |");
        report.Line("|---|---:|---:|" + string.Concat(SecondsAfter.Select(static _ => "---:|")) + "---:|---|");
        if (before is not null)
        {
            await MeasureAsync("before", before);
        }

        await MeasureAsync(
            "now",
            Path.Combine(
                AppContext.BaseDirectory,
                "../../Netra.Pipeline.Server",
                Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)),
                "Netra.Pipeline.Server.dll"));
    }

    private async Task MeasureAsync(string build, string assembly)
    {
        var figures = new List<double>();
        long accepted;
        await using (var server = await StandaloneServer.StartAsync(Path.GetFullPath(assembly), heapLimit: 0))
        {
            figures.Add(server.ResidentMegabytes);
            var pages = await OpenPagesAsync(server.Port);
            accepted = await PublishAsync(server.Port);
            figures.Add(server.ResidentMegabytes);
            foreach (var page in pages)
            {
                page.Dispose();
            }

            var begun = TimeProvider.System.GetTimestamp();
            foreach (var seconds in SecondsAfter)
            {
                await Task.Delay(TimeSpan.FromSeconds(seconds) - TimeProvider.System.GetElapsedTime(begun), TimeProvider.System);
                figures.Add(server.ResidentMegabytes);
            }
        }

        var cells = string.Join(" | ", figures.Select(static figure => figure.ToString("F0", CultureInfo.InvariantCulture)));
        report.Line($"| {build} | {cells} | {accepted} of {Users * Events} | {await MeasureSmallHeapAsync(assembly)} |");
    }

    private static async Task<string> MeasureSmallHeapAsync(string assembly)
    {
        await using var server = await StandaloneServer.StartAsync(Path.GetFullPath(assembly), HeapLimit);
        var pages = await OpenPagesAsync(server.Port);
        long accepted;
        try
        {
            accepted = await PublishAsync(server.Port);
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
        {
            accepted = -1;
        }

        foreach (var page in pages)
        {
            page.Dispose();
        }

        return server.HasEnded ? "ended by itself" : accepted < 0 ? "a request was broken off" : $"{accepted} of {Users * Events} accepted";
    }

    private static async Task<Socket[]> OpenPagesAsync(int port)
    {
        var pages = new Socket[Users];
        for (var user = 0; user < Users; user++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 16 * 1024 };
            await socket.ConnectAsync(IPAddress.Loopback, port);
            await socket.SendAsync(Encoding.ASCII.GetBytes(
                $"GET /ws?user_id=user-{user} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
            pages[user] = socket;
        }

        return pages;
    }

    // Some requests with many lines each. Their publishers wait for receipts, so that a build without back-pressure takes all of it as
    // well.
    private static async Task<long> PublishAsync(int port)
    {
        var accepted = await Task.WhenAll(Enumerable.Range(0, Publishers).Select(publisher => Task.Run(async () =>
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, port);
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                "POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n"
                + "Connection: close\r\n\r\n"));
            using var unanswered = new SemaphoreSlim(MaxUnanswered);
            using var ended = new CancellationTokenSource();
            var writing = WriteAsync(stream, publisher, unanswered, ended.Token);
            var count = 0L;
            using var reader = new StreamReader(stream);
            while (await reader.ReadLineAsync() is { } line)
            {
                if (line.StartsWith('{'))
                {
                    unanswered.Release();
                    count += line.StartsWith("{\"id\":", StringComparison.Ordinal) ? 1 : 0;
                }
            }

            // One that ends early leaves lines unanswered, which nobody must wait for.
            await ended.CancelAsync();
            await writing;
            return count;
        })));
        return accepted.Sum();
    }

    private static async Task WriteAsync(NetworkStream stream, int publisher, SemaphoreSlim unanswered, CancellationToken ended)
    {
        var text = new string('x', EventBytes);
        for (var i = 0; i < Events; i++)
        {
            var lines = new StringBuilder();
            for (var user = publisher; user < Users; user += Publishers)
            {
                await unanswered.WaitAsync(ended);
                lines.Append(
                    CultureInfo.InvariantCulture,
                    $$$"""{"user_id":"user-{{{user}}}","thread_id":"t","run_id":"r","type":"token","data":{"delta":"{{{text}}}"}}""")
                    .Append('\n');
            }

            var chunk = Encoding.ASCII.GetBytes(lines.ToString());
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"{chunk.Length:x}\r\n"), ended);
            await stream.WriteAsync(chunk, ended);
            await stream.WriteAsync("\r\n"u8.ToArray(), ended);
        }

        await stream.WriteAsync("0\r\n\r\n"u8.ToArray(), ended);
    }
}
