using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Netra.Pipeline.Client.Publishing;

/// <summary>
/// One HTTP/1.1 request whose lines go on while its answer is read. It is spoken here, since <see cref="HttpClient"/> reads no answer over
/// HTTP/1.1 before it has sent everything. One writes and one reads at a time.
/// </summary>
internal sealed class LinesRequest : IAsyncDisposable
{
    private const int MaxHeadBytes = 64 * 1024;
    private const int MaxLineBytes = 1024 * 1024;
    private static readonly TimeSpan ProblemTimeout = TimeSpan.FromSeconds(1);

    private readonly Stream _stream;
    private readonly PublisherOptions _options;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _position;
    private int _length;
    private bool _isChunked;
    private long? _left;

    private LinesRequest(Stream stream, PublisherOptions options) => (_stream, _options) = (stream, options);

    /// <summary>Opens one: completes when the answer has begun, which is before the first line.</summary>
    /// <exception cref="RequestRefusedException">The server has refused it.</exception>
    /// <exception cref="IOException">There is no connection, or no answer of HTTP/1.1.</exception>
    public static async Task<LinesRequest> OpenAsync(PublisherOptions options, string? token, CancellationToken cancellationToken)
    {
        var stream = await ConnectAsync(options, cancellationToken);
        var request = new LinesRequest(stream, options);
        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(request.Head(token)), cancellationToken);
            await request.ReadHeadAsync(cancellationToken);
            return request;
        }
        catch
        {
            await request.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends lines.</summary>
    public async Task WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> lines, int bytes, CancellationToken cancellationToken)
    {
        var size = Encoding.ASCII.GetBytes($"{bytes:x}\r\n");
        var chunk = new byte[size.Length + bytes + 2];
        size.CopyTo(chunk, 0);
        var at = size.Length;
        foreach (var line in lines)
        {
            line.CopyTo(chunk.AsMemory(at));
            at += line.Length;
        }

        "\r\n"u8.CopyTo(chunk.AsSpan(at));
        await _stream.WriteAsync(chunk, cancellationToken);
    }

    /// <summary>Says that no more lines come.</summary>
    public async Task EndAsync(CancellationToken cancellationToken) => await _stream.WriteAsync("0\r\n\r\n"u8.ToArray(), cancellationToken);

    /// <summary>The next line that is not empty; null when the answer has ended as it should.</summary>
    /// <exception cref="IOException">The connection has ended, or nothing has come for too long.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken cancellationToken)
    {
        using var line = new MemoryStream();
        while (true)
        {
            if (_left == 0 && !await BeginChunkAsync(cancellationToken))
            {
                return line.Length > 0 ? line.ToArray() : null;
            }

            if (_position == _length && !await FillAsync(cancellationToken))
            {
                return _isChunked || _left is not null || line.Length > 0 ? throw Broken() : null;
            }

            var span = _buffer.AsSpan(_position, (int)Math.Min(_length - _position, _left ?? int.MaxValue));
            var end = span.IndexOf((byte)'\n');
            var taken = end < 0 ? span.Length : end + 1;
            if (line.Length + span.Length > MaxLineBytes)
            {
                throw new IOException($"A line of the answer has more than {MaxLineBytes} bytes.");
            }

            line.Write(span[..(end < 0 ? span.Length : end)]);
            _position += taken;
            _left -= taken;
            if (end >= 0 && line.Length > 0)
            {
                return line.ToArray();
            }
        }
    }

    public async ValueTask DisposeAsync() => await _stream.DisposeAsync();

    private static async Task<Stream> ConnectAsync(PublisherOptions options, CancellationToken cancellationToken)
    {
        var address = options.Address;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.IdnHost, address.Port, cancellationToken);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new IOException($"{address.IdnHost}:{address.Port} cannot be reached: {exception.Message}", exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        var stream = new NetworkStream(socket, ownsSocket: true);
        if (address.Scheme != Uri.UriSchemeHttps)
        {
            return stream;
        }

        var tls = new SslStream(stream);
        try
        {
            var how = new SslClientAuthenticationOptions
            {
                TargetHost = address.IdnHost,
                ApplicationProtocols = [SslApplicationProtocol.Http11],
            };
            options.ConfigureTls?.Invoke(how);
            await tls.AuthenticateAsClientAsync(how, cancellationToken);
            return tls;
        }
        catch (System.Security.Authentication.AuthenticationException exception)
        {
            await tls.DisposeAsync();
            throw new IOException($"TLS with {address.IdnHost} failed: {exception.Message}", exception);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private string Head(string? token)
    {
        var address = _options.Address;
        var path = address.AbsolutePath.TrimEnd('/');
        var subscribe = _options.SubscribeToMessages ? "&subscribe=chat_message" : string.Empty;
        var authorization = token is null ? string.Empty : $"Authorization: Bearer {token}\r\n";
        if (token?.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0)
        {
            throw new UnauthorizedException("The credential has characters that no credential has.");
        }

        return $"POST {path}/v1/events?commands=1{subscribe} HTTP/1.1\r\nHost: {address.Authority}\r\n{authorization}"
            + "Content-Type: application/x-ndjson\r\nAccept: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";
    }

    private async Task ReadHeadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var status = StatusOf(await ReadHeadLineAsync(cancellationToken));
            string? retryAfter = null;
            long? length = null;
            while (await ReadHeadLineAsync(cancellationToken) is { Length: > 0 } field)
            {
                var colon = field.IndexOf(':', StringComparison.Ordinal);
                var (name, value) = colon < 0 ? (field, string.Empty) : (field[..colon], field[(colon + 1)..].Trim());
                if (name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
                {
                    _isChunked = value.EndsWith("chunked", StringComparison.OrdinalIgnoreCase);
                }
                else if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                {
                    length = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : null;
                }
                else if (name.Equals("Retry-After", StringComparison.OrdinalIgnoreCase))
                {
                    retryAfter = value;
                }
            }

            if (status is >= 100 and < 200)
            {
                continue;
            }

            _left = _isChunked ? 0 : length;
            if (status == 200)
            {
                return;
            }

            throw new RequestRefusedException(
                status,
                await ReadProblemAsync(status, cancellationToken),
                retryAfter is null ? null : RetryAfter.Read(retryAfter, _options.Time));
        }
    }

    private static int StatusOf(string line)
        => line.Split(' ', 3) is ["HTTP/1.1" or "HTTP/1.0", { Length: 3 } status, ..] && int.TryParse(status, out var code)
            ? code
            : throw new IOException("What answers is not a server of HTTP/1.1.");

    // A problem document is one line; the status says enough where it does not come.
    private async Task<string> ReadProblemAsync(int status, CancellationToken cancellationToken)
    {
        var words = $"the server refused the request with HTTP {status}";
        using var patience = new CancellationTokenSource(ProblemTimeout, _options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await ReadLineAsync(either.Token) is { } line && JsonElement.Parse(line.Span) is var problem
                && problem.TryGetProperty("detail", out var detail) && problem.TryGetProperty("code", out var code)
                    ? $"{words}, {code}: {detail}"
                    : words;
        }
        catch (Exception exception)
            when (exception is IOException or JsonException or InvalidOperationException or OperationCanceledException)
        {
            return words;
        }
    }

    private async ValueTask<bool> BeginChunkAsync(CancellationToken cancellationToken)
    {
        if (!_isChunked)
        {
            return false;
        }

        var line = await ReadHeadLineAsync(cancellationToken);
        line = line.Length > 0 ? line : await ReadHeadLineAsync(cancellationToken);
        var size = line.Split(';')[0].Trim();
        if (!long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var left) || left < 0)
        {
            throw new IOException("The answer's chunks cannot be read.");
        }

        _left = left;
        return left > 0;
    }

    private async ValueTask<string> ReadHeadLineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (true)
        {
            if (_position == _length && !await FillAsync(cancellationToken))
            {
                throw Broken();
            }

            var next = (char)_buffer[_position++];
            if (next == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            if (line.Length == MaxHeadBytes)
            {
                throw new IOException($"A line of the answer's head has more than {MaxHeadBytes} bytes.");
            }

            line.Append(next);
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(_options.AnswerTimeout, _options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
        try
        {
            (_position, _length) = (0, await _stream.ReadAsync(_buffer, either.Token));
            return _length > 0;
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"The server has said nothing for {_options.AnswerTimeout} (AnswerTimeout).", exception);
        }
    }

    private static IOException Broken() => new("The server has closed the connection in the middle of its answer.");
}
