using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Load.Scenarios;

/// <summary>One connection through the proxy: a page's WebSocket, or a publisher's request with its receipts.</summary>
internal sealed partial class ProxiedConnection(Socket client, int port, ProxyFault fault, CancellationToken stop) : IDisposable
{
    private readonly BufferedStream _client = new(new NetworkStream(client, ownsSocket: true), 64 * 1024);
    private readonly NetworkStream _answer = new(client, ownsSocket: false);
    private TcpClient? _server;

    /// <summary>Which user of the run it serves: a page's, or the first one that a publisher publishes for.</summary>
    public int User { get; private set; } = -1;

    /// <summary>The head of its request.</summary>
    public string Request { get; private set; } = string.Empty;

    /// <summary>How many messages, or receipts, the server has sent.</summary>
    public int Count { get; private set; }

    /// <summary>Whether nothing passes any more, and nothing is said of it.</summary>
    public bool IsStalled { get; set; }

    /// <summary>Passes everything on until an end closes, or the fault cuts it.</summary>
    public async Task RunAsync()
    {
        try
        {
            Request = await ReadHeadAsync(_client);
            User = UserIn(Request);
            if (fault.Refuse(this) is { } refusal)
            {
                await WriteAsync(refusal);
                client.Shutdown(SocketShutdown.Send);
                return;
            }

            _server = new TcpClient { NoDelay = true };
            await _server.ConnectAsync(IPAddress.Loopback, port, stop);
            await _server.GetStream().WriteAsync(Encoding.Latin1.GetBytes(Request), stop);
            var isSocket = Request.StartsWith("GET /ws", StringComparison.Ordinal);
            var asks = isSocket ? PassAsync() : PassLinesAsync();
            var answers = isSocket ? PassMessagesAsync() : PassReceiptsAsync();
            await Task.WhenAny(asks, answers);
        }
        catch (Exception exception)
            when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // An end has closed it.
        }
        finally
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        _client.Dispose();
        _server?.Dispose();
    }

    private static int UserIn(string text)
        => UserName().Match(text) is { Success: true } match ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : -1;

    [GeneratedRegex("user_id\"?[=:]\"?load-[0-9a-f]+-([0-9]+)")]
    private static partial Regex UserName();

    private async Task PassAsync()
    {
        var buffer = new byte[16 * 1024];
        while (await _client.ReadAsync(buffer, stop) is > 0 and var read)
        {
            if (!IsStalled)
            {
                await _server!.GetStream().WriteAsync(buffer.AsMemory(0, read), stop);
            }
        }
    }

    private async Task PassMessagesAsync()
    {
        try
        {
            await PassFramesAsync();
        }
        catch (IOException) when (IsStalled)
        {
            // Whoever is stalled is not told that the server has had enough.
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
        }
    }

    private async Task PassFramesAsync()
    {
        await using var server = new BufferedStream(_server!.GetStream(), 64 * 1024);
        await WriteAsync(await ReadHeadAsync(server));
        while (true)
        {
            var frame = await ReadFrameAsync(server);
            if (frame.Opcode == RawFrame.Text)
            {
                Count++;
                foreach (var (opcode, text) in fault.Message(this, frame.PayloadText))
                {
                    await WriteAsync(RawFrame.Encode(opcode, Encoding.UTF8.GetBytes(text), masked: false));
                }
            }
            else if (!IsStalled)
            {
                await WriteAsync(RawFrame.Encode(frame.Opcode, frame.Payload, masked: false));
            }
        }
    }

    private async Task PassLinesAsync()
    {
        await foreach (var line in ReadLinesAsync(_client))
        {
            User = User < 0 ? UserIn(line) : User;
            if (fault.Publish(this, line))
            {
                await _server!.GetStream().WriteAsync(Chunk(line), stop);
            }
        }

        await _server!.GetStream().WriteAsync("0\r\n\r\n"u8.ToArray(), stop);

        // The receipts end the connection.
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
    }

    private async Task PassReceiptsAsync()
    {
        await using var server = new BufferedStream(_server!.GetStream(), 64 * 1024);
        await WriteAsync(await ReadHeadAsync(server));
        await foreach (var line in ReadLinesAsync(server))
        {
            if (line.Length > 0)
            {
                Count++;
                foreach (var receipt in fault.Receipt(this, line))
                {
                    await WriteAsync(Chunk(receipt));
                }
            }
        }

        if (IsStalled)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
        }

        await WriteAsync("0\r\n\r\n"u8.ToArray());
    }

    private Task WriteAsync(string text) => WriteAsync(Encoding.Latin1.GetBytes(text));

    private async Task WriteAsync(byte[] bytes) => await _answer.WriteAsync(bytes, stop);

    private static byte[] Chunk(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line + "\n");
        return [.. Encoding.ASCII.GetBytes($"{bytes.Length:x}\r\n"), .. bytes, .. "\r\n"u8];
    }

    private async Task<string> ReadHeadAsync(Stream stream)
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append(await ReadLineAsync(stream)).Append("\r\n");
        }

        return head.ToString();
    }

    private async IAsyncEnumerable<string> ReadLinesAsync(Stream stream)
    {
        var rest = string.Empty;
        while (await ReadLineAsync(stream) is var size && Convert.ToInt32(size, 16) is > 0 and var length)
        {
            var bytes = new byte[length];
            await stream.ReadExactlyAsync(bytes, stop);
            await ReadLineAsync(stream);
            var lines = (rest + Encoding.UTF8.GetString(bytes)).Split('\n');
            rest = lines[^1];
            foreach (var line in lines[..^1])
            {
                yield return line;
            }
        }
    }

    private async Task<string> ReadLineAsync(Stream stream)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (true)
        {
            await stream.ReadExactlyAsync(one, stop);
            if (one[0] == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append((char)one[0]);
        }
    }

    private async Task<RawFrame> ReadFrameAsync(Stream stream)
    {
        var head = new byte[2];
        await stream.ReadExactlyAsync(head, stop);
        var length = (int)head[1];
        if (length > 125)
        {
            var more = new byte[length == 126 ? 2 : 8];
            await stream.ReadExactlyAsync(more, stop);
            length = more.Length == 2
                ? BinaryPrimitives.ReadUInt16BigEndian(more)
                : checked((int)BinaryPrimitives.ReadInt64BigEndian(more));
        }

        var payload = new byte[length];
        await stream.ReadExactlyAsync(payload, stop);
        return new RawFrame(head[0], payload);
    }
}
