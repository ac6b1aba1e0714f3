using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// A request of many events, as a publisher sees it: lines go in while receipts come out. On a bare socket, since <see cref="HttpClient"/>
/// reads no answer over HTTP/1.1 before it has sent everything. It reads only when asked to.
/// </summary>
internal sealed class PublishLines : IAsyncDisposable
{
    private readonly NetworkStream _stream;
    private readonly byte[] _received = new byte[16 * 1024];
    private readonly MemoryStream _line = new();
    private int _position;
    private int _length;
    private long _chunkLeft;

    private PublishLines(NetworkStream stream) => _stream = stream;

    /// <summary>The answer's head.</summary>
    public string Head { get; private set; } = null!;

    /// <summary>Whether the answer has ended as an answer should.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Completes when the answer has begun, which is before the first line is sent.</summary>
    /// <param name="host">The server.</param>
    /// <param name="headers">More header fields, each ending a line.</param>
    /// <param name="receiveBufferBytes">A small one keeps the kernel from swallowing megabytes of receipts that nobody reads.</param>
    /// <param name="query">The query, with its question mark.</param>
    public static Task<PublishLines> OpenAsync(PipelineHost host, string headers = "", int? receiveBufferBytes = null, string query = "")
        => OpenAsync(host.Port, headers, receiveBufferBytes, query);

    /// <inheritdoc cref="OpenAsync(PipelineHost, string, int?, string)"/>
    public static async Task<PublishLines> OpenAsync(int port, string headers = "", int? receiveBufferBytes = null, string query = "")
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBufferBytes is { } bytes)
        {
            socket.ReceiveBufferSize = bytes;
        }

        await socket.ConnectAsync(IPAddress.Loopback, port);
        var lines = new PublishLines(new NetworkStream(socket, ownsSocket: true));
        await lines.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /v1/events{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
            + $"application/x-ndjson\r\nTransfer-Encoding: chunked\r\n{headers}\r\n"));
        var head = new StringBuilder();
        while (await lines.ReadHeadLineAsync() is { Length: > 0 } line)
        {
            head.Append(line).Append('\n');
        }

        lines.Head = head.ToString();
        return lines;
    }

    /// <summary>Sends lines.</summary>
    public Task SendAsync(string lines) => SendAsync(Encoding.UTF8.GetBytes(lines + "\n"));

    /// <summary>Sends bytes as one chunk.</summary>
    public Task SendAsync(ReadOnlyMemory<byte> bytes)
        => WriteAsync([.. Encoding.ASCII.GetBytes($"{bytes.Length:x}\r\n"), .. bytes.Span, (byte)'\r', (byte)'\n']);

    /// <summary>Sends bytes that need not be a chunk.</summary>
    public Task SendRawAsync(string bytes) => WriteAsync(Encoding.ASCII.GetBytes(bytes));

    /// <summary>Says that no more lines come.</summary>
    public Task EndAsync() => WriteAsync("0\r\n\r\n"u8.ToArray());

    /// <summary>Reads so many empty lines, and nothing else.</summary>
    public async Task ReadEmptyLinesAsync(int count)
    {
        for (; count > 0; count--)
        {
            Assert.That(await ReadBodyByteAsync(), Is.EqualTo((byte)'\n'));
        }
    }

    /// <summary>The next answer, past empty lines; null at the end.</summary>
    public async Task<JsonElement?> ReadAsync()
    {
        while (await ReadBodyByteAsync() is { } next)
        {
            if (next == (byte)'\n' && _line.Length == 0)
            {
                continue;
            }

            if (next == (byte)'\n')
            {
                var answer = JsonElement.Parse(_line.GetBuffer().AsSpan(0, (int)_line.Length));
                _line.SetLength(0);
                return answer;
            }

            _line.WriteByte(next);
        }

        return null;
    }

    /// <summary>The next answers.</summary>
    public async Task<List<JsonElement>> ReadAsync(int count)
    {
        var answers = new List<JsonElement>(count);
        while (answers.Count < count)
        {
            answers.Add(await ReadAsync() ?? throw new AssertionException($"The answer ended after {answers.Count} of {count} lines."));
        }

        return answers;
    }

    /// <summary>Says that no more lines come, and reads the answers that are left.</summary>
    public async Task<List<JsonElement>> CompleteAsync()
    {
        await EndAsync();
        return await ReadToEndAsync();
    }

    public async Task<List<JsonElement>> ReadToEndAsync()
    {
        var answers = new List<JsonElement>();
        while (await ReadAsync() is { } answer)
        {
            answers.Add(answer);
        }

        return answers;
    }

    /// <summary>Goes away, in the middle if that is where it is.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        await _line.DisposeAsync();
    }

    private async ValueTask<byte?> ReadBodyByteAsync()
    {
        if (_chunkLeft == 0)
        {
            if (HasEnded)
            {
                return null;
            }

            var size = await ReadHeadLineAsync();
            _chunkLeft = Convert.ToInt64(size.Length > 0 ? size : await ReadHeadLineAsync(), 16);
            if (_chunkLeft == 0)
            {
                HasEnded = true;
                return null;
            }
        }

        _chunkLeft--;
        return await ReadByteAsync();
    }

    private async Task<string> ReadHeadLineAsync()
    {
        var line = new StringBuilder();
        while (await ReadByteAsync() is var next and not (byte)'\n')
        {
            line.Append((char)next);
        }

        return line.ToString().TrimEnd('\r');
    }

    private ValueTask<byte> ReadByteAsync() => _position < _length ? ValueTask.FromResult(_received[_position++]) : FillAsync();

    private async ValueTask<byte> FillAsync()
    {
        using var patience = new CancellationTokenSource(TestClient.Patience);
        _length = await _stream.ReadAsync(_received, patience.Token);
        _position = 1;
        return _length > 0 ? _received[0] : throw new IOException("The server has closed the connection.");
    }

    private async Task WriteAsync(byte[] bytes)
    {
        using var patience = new CancellationTokenSource(TestClient.Patience);
        await _stream.WriteAsync(bytes, patience.Token);
    }
}
