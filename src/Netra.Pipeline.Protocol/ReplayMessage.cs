namespace Netra.Pipeline.Protocol;

/// <summary><c>replay</c>: the client asks for numbers again.</summary>
/// <param name="From">The first number, from 1.</param>
/// <param name="To">The last number, inclusive, from <paramref name="From"/> to <see cref="ProtocolConstants.MaxSeq"/>.</param>
public sealed record ReplayMessage(long From, long To) : ClientMessage;
