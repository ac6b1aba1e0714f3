using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Delivery;

/// <summary>What became of every event, at a moment.</summary>
/// <param name="Epoch">The history it speaks of.</param>
/// <param name="At">The moment.</param>
/// <param name="Account">The figures.</param>
/// <param name="PendingOffline">The part of the pending ones whose users are not connected.</param>
/// <param name="Streams">How many streams there are; 1 for a user's own report.</param>
/// <param name="LoadedStreams">How many of them are loaded.</param>
public sealed record LedgerReport(string Epoch, DateTimeOffset At, StreamAccount Account, long PendingOffline, long Streams, long LoadedStreams)
{
    /// <summary>How many events pages that are there have been sent and not acknowledged.</summary>
    internal long Owed { get; init; }
}
