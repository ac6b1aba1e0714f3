using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Emission;

/// <summary>
/// The events of all emitters that wait for room: how many, what they hold, and those that waited in vain. Safe from any thread; <see
/// cref="Refused"/> says who may read it.
/// </summary>
internal sealed class EmissionWaits(IOptions<EmissionOptions> options)
{
    // Tasks, timer and registration of one that waits, beside its buffer.
    private const int Overhead = 1024;

    private long _count;
    private long _bytes;

    /// <summary>How long an event waits, unless its emitter says otherwise.</summary>
    public TimeSpan Timeout => options.Value.RoomTimeout;

    /// <summary>What all of them may hold.</summary>
    public long Limit => options.Value.WaitingBytes;

    /// <summary>How many wait.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>
    /// Those that were refused since the log could not take them, although they had waited, or were too many to wait. One that does not
    /// wait by its own wish says nothing about load.
    /// </summary>
    public SlidingCount Refused { get; } = new();

    public bool TryEnter(int bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes + Overhead) > Limit)
        {
            Interlocked.Add(ref _bytes, -(bytes + Overhead));
            return false;
        }

        Interlocked.Increment(ref _count);
        return true;
    }

    public void Leave(int bytes)
    {
        Interlocked.Add(ref _bytes, -(bytes + Overhead));
        Interlocked.Decrement(ref _count);
    }
}
