using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Streams;

/// <summary>Evicts without waiting.</summary>
internal static class StreamEvictions
{
    public static bool TryEvictNow(this UserStream stream) => stream.IsIdle(out var since) && stream.TryEvict(since);
}
