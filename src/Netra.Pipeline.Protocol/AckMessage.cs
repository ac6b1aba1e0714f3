namespace Netra.Pipeline.Protocol;

/// <summary><c>ack</c>: the client's application has processed every event up to a number.</summary>
/// <param name="Seq">The number, from 0 (nothing yet) to <see cref="ProtocolConstants.MaxSeq"/>.</param>
public sealed record AckMessage(long Seq) : ClientMessage;
