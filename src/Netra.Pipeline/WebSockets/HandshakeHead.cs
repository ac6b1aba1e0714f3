using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http;
using HttpMethod = Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpMethod;
using HttpVersion = Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpVersion;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// The head of a request as Kestrel's own parser reports it. A class: the parser copies a struct, and what it collected would be lost.
/// </summary>
internal sealed class HandshakeHead(int maxHeaders) : IHttpRequestLineHandler, IHttpHeadersHandler
{
    private int _count;

    public HttpMethod Method { get; private set; }

    public HttpVersion Version { get; private set; }

    /// <summary>The raw path, percent-encoding left as it is.</summary>
    public string Path { get; private set; } = string.Empty;

    /// <summary>The query, from the question mark on; empty when there is none.</summary>
    public string QueryString { get; private set; } = string.Empty;

    public HeaderDictionary Headers { get; } = [];

    public void OnStartLine(HttpVersionAndMethod versionAndMethod, TargetOffsetPathLength targetPath, Span<byte> startLine)
    {
        (Method, Version) = (versionAndMethod.Method, versionAndMethod.Version);
        Path = Encoding.ASCII.GetString(startLine.Slice(targetPath.Offset, targetPath.Length));
        var rest = startLine[(targetPath.Offset + targetPath.Length)..];
        var end = rest.IndexOf((byte)' ');
        QueryString = Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }

    public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (++_count > maxHeaders)
        {
            throw new HandshakeRefusedException(new HandshakeRefusal(431, "too_many_headers", $"More than {maxHeaders} header fields (KestrelServerLimits.MaxRequestHeaderCount)."));
        }

        var key = Encoding.ASCII.GetString(name);
        Headers[key] = Microsoft.Extensions.Primitives.StringValues.Concat(Headers[key], Encoding.UTF8.GetString(value));
    }

    public void OnHeadersComplete(bool endStream)
    {
        // The parser's caller learns it from the parser's result.
    }

    public void OnStaticIndexedHeader(int index) => throw new NotSupportedException("HTTP/1.1 has no static header table.");

    public void OnStaticIndexedHeader(int index, ReadOnlySpan<byte> value) => throw new NotSupportedException("HTTP/1.1 has no static header table.");
}
