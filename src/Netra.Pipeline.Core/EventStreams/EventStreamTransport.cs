using System.IO.Pipelines;

namespace Netra.Pipeline.EventStreams;

/// <summary>What carries an event stream: the answer of one request.</summary>
/// <param name="Output">The body of the answer.</param>
/// <param name="Abort">Cuts the transport at once; a pending flush ends. Safe to call from any thread, and more than once.</param>
/// <param name="PeerGone">Fires when the peer is gone, or the transport is cut.</param>
internal sealed record EventStreamTransport(PipeWriter Output, Action Abort, CancellationToken PeerGone);
