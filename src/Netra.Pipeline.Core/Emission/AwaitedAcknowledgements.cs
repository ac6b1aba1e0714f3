using System.Diagnostics;

namespace Netra.Pipeline.Emission;

/// <summary>
/// The terminal events of one stream whose acknowledgement a trace waits for. Bounded: above the limit the oldest get no span of their
/// acknowledgement. Safe from any thread, without a lock.
/// </summary>
internal sealed class AwaitedAcknowledgements
{
    // A user rarely has so many runs that have ended and are unconfirmed; each is some hundred bytes.
    private const int MaxAwaited = 64;

    private AwaitedAcknowledgement[] _awaited = [];

    /// <summary>Whether none is awaited: then an acknowledgement costs nothing more.</summary>
    public bool IsEmpty => Volatile.Read(ref _awaited).Length == 0;

    public void Add(AwaitedAcknowledgement awaited)
    {
        AwaitedAcknowledgement[] before;
        do
        {
            before = Volatile.Read(ref _awaited);
        }
        while (Interlocked.CompareExchange(ref _awaited, [.. before.TakeLast(MaxAwaited - 1), awaited], before) != before);
    }

    /// <summary>Takes those that an acknowledgement covers; each is taken once, by the first caller.</summary>
    /// <param name="above">Where the acknowledgement's coverage begins; this number is not covered.</param>
    /// <param name="through">The number that is acknowledged.</param>
    public AwaitedAcknowledgement[] Take(long above, long through)
    {
        while (true)
        {
            var before = Volatile.Read(ref _awaited);
            var taken = Array.FindAll(before, awaited => awaited.Seq > above && awaited.Seq <= through);
            if (taken.Length == 0 || Interlocked.CompareExchange(ref _awaited, [.. before.Except(taken)], before) == before)
            {
                return taken;
            }
        }
    }
}

/// <summary>A terminal event whose acknowledgement a trace waits for.</summary>
/// <param name="Seq">Its number.</param>
/// <param name="Creation">The trace context in its envelope.</param>
/// <param name="AcceptedAt">When it was accepted.</param>
/// <param name="RunId">Its run.</param>
/// <param name="ThreadId">Its thread.</param>
internal sealed record AwaitedAcknowledgement(long Seq, ActivityContext Creation, DateTimeOffset AcceptedAt, string RunId, string ThreadId);
