using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Netra.Pipeline.WebSockets;

/// <summary>What bounds a handshake: the same limits as Kestrel's, so that an operator sets them once.</summary>
internal readonly record struct HandshakeLimits(
    int RequestLine, int HeaderBytes, int HeaderCount, TimeSpan HeadersTimeout, TimeSpan FirstByteTimeout)
{
    public static HandshakeLimits From(KestrelServerLimits limits) => new(
        limits.MaxRequestLineSize,
        limits.MaxRequestHeadersTotalSize,
        limits.MaxRequestHeaderCount,
        ForTimer(limits.RequestHeadersTimeout),
        ForTimer(limits.KeepAliveTimeout));

    // Kestrel keeps "infinite" as the largest TimeSpan, which no timer takes.
    private static TimeSpan ForTimer(TimeSpan time) => time.TotalMilliseconds < uint.MaxValue - 1 ? time : Timeout.InfiniteTimeSpan;
}
