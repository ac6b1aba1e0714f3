namespace Netra.Pipeline.Protocol;

/// <summary><c>pong</c>: the page's answer to <c>ping</c>; an acknowledgement too when it has a number.</summary>
/// <param name="Seq">
/// The last number processed, from 0 to <see cref="ProtocolConstants.MaxSeq"/>, or <see langword="null"/> when the client has no cursor.
/// </param>
/// <param name="Ts">The <c>ts</c> of the ping it answers, or <see langword="null"/> when the client did not repeat it.</param>
public sealed record PongMessage(long? Seq, long? Ts) : ClientMessage;
