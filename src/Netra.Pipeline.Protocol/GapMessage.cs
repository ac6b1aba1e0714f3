namespace Netra.Pipeline.Protocol;

/// <summary><c>gap</c>: numbers <paramref name="From"/> to <paramref name="To"/> are not next. Travels in order with the events.</summary>
/// <param name="From">The first number, from 1.</param>
/// <param name="To">The last number, inclusive.</param>
/// <param name="Cause">Why.</param>
/// <param name="Replay">Whether the events follow right after this message.</param>
/// <param name="Certain">Whether these numbers were certainly given to events.</param>
public sealed record GapMessage(long From, long To, GapCause Cause, bool Replay, bool Certain) : ServerMessage;
