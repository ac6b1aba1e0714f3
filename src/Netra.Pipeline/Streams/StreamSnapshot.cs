using Netra.Pipeline.Log;

namespace Netra.Pipeline.Streams;

/// <summary>A stream's figures, taken together under its lock.</summary>
internal readonly record struct StreamSnapshot(
    long Head, long Committed, long ExpiredThrough, long Acknowledged, long ContiguouslyAcknowledged, int Connections, int Lagging, bool IsOnline, StreamAccount Account);
