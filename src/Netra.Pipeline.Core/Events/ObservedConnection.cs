using Netra.Pipeline.Connections;

namespace Netra.Pipeline.Events;

/// <summary>A connection that has opened or ended.</summary>
/// <param name="ConnectionId">Its id.</param>
/// <param name="UserId">Whose it is.</param>
/// <param name="Transport">What carries it: <c>websocket</c> or <c>event_stream</c>.</param>
/// <param name="EndReason">Why it ended; null when it has opened.</param>
public readonly record struct ObservedConnection(string ConnectionId, string UserId, string Transport, ConnectionEndReason? EndReason);
