namespace Netra.Pipeline.Server.Memory;

/// <summary>How the process stands with its memory.</summary>
/// <param name="AllocatedBytes">All that it has ever allocated.</param>
/// <param name="CommittedBytes">What the collector holds, as of the last collection.</param>
internal readonly record struct MemorySample(long AllocatedBytes, long CommittedBytes)
{
    public static MemorySample Read() => new(GC.GetTotalAllocatedBytes(), GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes);
}
