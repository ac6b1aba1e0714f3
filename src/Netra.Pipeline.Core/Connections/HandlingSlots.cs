namespace Netra.Pipeline.Connections;

/// <summary>Counts the messages being handled for one connection, up to a limit. Safe to use from any thread.</summary>
internal sealed class HandlingSlots
{
    private int _taken;

    public bool TryTake(int limit)
    {
        if (Interlocked.Increment(ref _taken) <= limit)
        {
            return true;
        }

        Interlocked.Decrement(ref _taken);
        return false;
    }

    public void Return() => Interlocked.Decrement(ref _taken);
}
