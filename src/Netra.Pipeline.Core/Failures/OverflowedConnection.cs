namespace Netra.Pipeline.Failures;

/// <summary>A connection whose queue was full.</summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="QueuedFrames">How many frames waited.</param>
/// <param name="QueuedBytes">How many bytes waited.</param>
/// <param name="FrameLimit">How many frames may wait.</param>
/// <param name="ByteLimit">How many bytes may wait.</param>
public sealed record OverflowedConnection(string ConnectionId, int QueuedFrames, long QueuedBytes, int FrameLimit, long ByteLimit);
