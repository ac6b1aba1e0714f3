namespace Netra.Pipeline.Protocol;

/// <summary><c>ping</c>: asks the application for a sign of life.</summary>
/// <param name="Ts">What <c>pong</c> repeats, from 0 to <see cref="ProtocolConstants.MaxSeq"/>.</param>
public sealed record PingMessage(long Ts) : ServerMessage;
