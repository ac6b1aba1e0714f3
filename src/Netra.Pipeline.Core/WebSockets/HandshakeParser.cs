using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http;
using Netra.Pipeline.Connections;
using HttpMethod = Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpMethod;
using HttpVersion = Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpVersion;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// Reads the head of a connection's first request, a piece at a time, and decides whether it is ours. It consumes nothing, so that the
/// bytes can be passed on untouched, and it remembers how far it has read, so that a request in one-byte pieces costs no more than one in a
/// single piece.
/// </summary>
internal sealed class HandshakeParser(FastDoorPath path, HandshakeLimits limits)
{
    private static readonly byte[] Http2Preface = "PRI * "u8.ToArray();

    private readonly HttpParser<HandshakeHead> _parser = new(showErrorDetails: false);
    private long _parsed;
    private long _scanned;
    private long _headersStart;
    private bool _isOurs;

    public HandshakeHead Head { get; } = new(limits.HeaderCount);

    /// <summary>How many bytes the head has; valid once it is complete.</summary>
    public long HeadLength => _parsed;

    /// <summary>Reads everything that has come so far.</summary>
    /// <exception cref="HandshakeRefusedException">The request is ours and exceeds a limit, or is malformed.</exception>
    public HandshakeProgress Parse(in ReadOnlySequence<byte> buffer)
    {
        if (!_isOurs)
        {
            var progress = ParseRequestLine(buffer);
            if (progress != HandshakeProgress.Complete)
            {
                return progress;
            }

            _isOurs = true;
        }

        return ParseHeaders(buffer);
    }

    private HandshakeProgress ParseRequestLine(in ReadOnlySequence<byte> buffer)
    {
        if (StartsWithPreface(buffer))
        {
            return HandshakeProgress.NotOurs;
        }

        if (!HasNewLine(buffer))
        {
            // Too long for a request line: Kestrel's HTTP refuses it itself.
            return buffer.Length > limits.RequestLine ? HandshakeProgress.NotOurs : HandshakeProgress.NeedMore;
        }

        var reader = new SequenceReader<byte>(buffer);
        try
        {
            if (!_parser.ParseRequestLine(Head, ref reader))
            {
                return HandshakeProgress.NeedMore;
            }
        }
        catch (BadHttpRequestException)
        {
            // Not HTTP, or not well-formed: Kestrel's HTTP answers it, and counts it.
            return HandshakeProgress.NotOurs;
        }

        _parsed = _headersStart = reader.Consumed;
        return _parsed <= limits.RequestLine
            && Head is { Method: HttpMethod.Get, Version: HttpVersion.Http11, IsAscii: true }
            && path.Matches(Head.Path)
            ? HandshakeProgress.Complete
            : HandshakeProgress.NotOurs;
    }

    private HandshakeProgress ParseHeaders(in ReadOnlySequence<byte> buffer)
    {
        var complete = false;
        try
        {
            if (HasNewLine(buffer))
            {
                // The parser consumes every complete field and reports it to the head, whether or not the last one is complete.
                var reader = new SequenceReader<byte>(buffer.Slice(_parsed));
                complete = _parser.ParseHeaders(Head, ref reader);
                _parsed += reader.Consumed;
            }
        }
        catch (BadHttpRequestException exception)
        {
            throw new HandshakeRefusedException(new HandshakeRefusal(exception.StatusCode, "bad_request", exception.Message));
        }

        // All fields together, however many pieces they came in.
        if ((complete ? _parsed : buffer.Length) - _headersStart > limits.HeaderBytes)
        {
            throw new HandshakeRefusedException(new HandshakeRefusal(
                431,
                "headers_too_large",
                $"The header fields have more than {limits.HeaderBytes} bytes (KestrelServerLimits.MaxRequestHeadersTotalSize)."));
        }

        if (!complete)
        {
            return HandshakeProgress.NeedMore;
        }

        return HandshakeRules.AsksForWebSocket(Head.Headers) ? HandshakeProgress.Complete : HandshakeProgress.NotOurs;
    }

    // Nothing is decided before a line ends, and bytes are not searched twice.
    private bool HasNewLine(in ReadOnlySequence<byte> buffer)
    {
        if (buffer.Slice(Math.Max(_scanned, _parsed)).PositionOf((byte)'\n') is not null)
        {
            return true;
        }

        _scanned = buffer.Length;
        return false;
    }

    private static bool StartsWithPreface(in ReadOnlySequence<byte> buffer)
    {
        Span<byte> start = stackalloc byte[6];
        var length = (int)Math.Min(buffer.Length, start.Length);
        buffer.Slice(0, length).CopyTo(start);
        return length == Http2Preface.Length && start.SequenceEqual(Http2Preface);
    }
}
