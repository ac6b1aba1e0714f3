using Netra.Pipeline.Protocol;
namespace Netra.Pipeline.Connections;

/// <summary>What a check of one connection found.</summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="State">Its state.</param>
/// <param name="EndReason">Why it ended; null while it is open, and for an unknown connection.</param>
/// <param name="RoundTrip">How long the page took to answer; null when it did not.</param>
/// <param name="LastWritten">The last event number written to it.</param>
/// <param name="LastAcknowledged">The last event number that it acknowledged.</param>
/// <param name="QueuedFrames">How many frames wait in its queue.</param>
/// <param name="QueuedBytes">How many bytes these frames have.</param>
public sealed record ConnectionHealthReport(
    string ConnectionId,
    ConnectionState State,
    ConnectionEndReason? EndReason,
    TimeSpan? RoundTrip,
    long LastWritten,
    long LastAcknowledged,
    int QueuedFrames,
    long QueuedBytes);
