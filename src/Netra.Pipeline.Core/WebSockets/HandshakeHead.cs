using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http;
using Netra.Pipeline.Connections;
using HttpMethod = Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpMethod;
using HttpVersion = Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpVersion;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// The head of a request as Kestrel's own parser reports it. A class: the parser copies a struct, and the collected head would be lost.
/// </summary>
internal sealed class HandshakeHead(int maxHeaders) : IHttpRequestLineHandler, IHttpHeadersHandler
{
    // Strict, as Kestrel's HTTP is: a replacement character would be text that the client did not send.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private int _count;

    public HttpMethod Method { get; private set; }

    public HttpVersion Version { get; private set; }

    /// <summary>Whether the request line is ASCII, as it must be; other characters have to be percent-encoded.</summary>
    public bool IsAscii { get; private set; }

    /// <summary>The raw path, percent-encoding left as it is.</summary>
    public string Path { get; private set; } = string.Empty;

    /// <summary>The query, from the question mark on; empty when there is none.</summary>
    public string QueryString { get; private set; } = string.Empty;

    public HeaderDictionary Headers { get; } = [];

    public void OnStartLine(HttpVersionAndMethod versionAndMethod, TargetOffsetPathLength targetPath, Span<byte> startLine)
    {
        (Method, Version, IsAscii) = (versionAndMethod.Method, versionAndMethod.Version, Ascii.IsValid(startLine));
        Path = Encoding.ASCII.GetString(startLine.Slice(targetPath.Offset, targetPath.Length));
        var rest = startLine[(targetPath.Offset + targetPath.Length)..];
        var end = rest.IndexOf((byte)' ');
        QueryString = Encoding.ASCII.GetString(end < 0 ? rest : rest[..end]);
    }

    public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (++_count > maxHeaders)
        {
            throw new HandshakeRefusedException(new HandshakeRefusal(
                431, "too_many_headers", $"More than {maxHeaders} header fields (KestrelServerLimits.MaxRequestHeaderCount)."));
        }

        if (!Ascii.IsValid(name) || name.Contains((byte)0) || value.Contains((byte)0))
        {
            throw Malformed();
        }

        try
        {
            var key = Encoding.ASCII.GetString(name);
            Headers[key] = Microsoft.Extensions.Primitives.StringValues.Concat(Headers[key], Utf8.GetString(value));
        }
        catch (DecoderFallbackException)
        {
            throw Malformed();
        }
    }

    public void OnHeadersComplete(bool endStream)
    {
        // The caller sees it in the parser's result.
    }

    public void OnStaticIndexedHeader(int index) => throw new NotSupportedException("HTTP/1.1 has no static header table.");

    public void OnStaticIndexedHeader(int index, ReadOnlySpan<byte> value)
        => throw new NotSupportedException("HTTP/1.1 has no static header table.");

    private static HandshakeRefusedException Malformed()
        => new(new HandshakeRefusal(400, "bad_request", "A header field has bytes that are not allowed in it."));
}
