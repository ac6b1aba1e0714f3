namespace Netra.Pipeline.CostHost;

/// <summary>The managed memory that is still referred to.</summary>
internal static class MemoryInUse
{
    public static long Measure()
    {
        // What a finalizer keeps goes with the second collection.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
