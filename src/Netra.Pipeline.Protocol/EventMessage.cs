using System.Text.Json;

namespace Netra.Pipeline.Protocol;

/// <summary>An event (docs/protocol.md, section 3.1).</summary>
/// <param name="Type">
/// The type as it was sent. A type that is not known is an event too when it is shaped like one: dropping its number would leave a hole.
/// </param>
/// <param name="EventType">The type, or <see langword="null"/> when this version does not know it.</param>
/// <param name="Seq">Its number in its user's stream, from 1 to <see cref="ProtocolConstants.MaxSeq"/>.</param>
/// <param name="Id">Opaque, unique within an epoch.</param>
/// <param name="ThreadId">The thread.</param>
/// <param name="RunId">The run.</param>
/// <param name="Timestamp">When it happened, as Unix time in seconds with a fraction.</param>
/// <param name="Data">The payload, an object. Not compared by value.</param>
/// <param name="TraceParent">The W3C trace context of the emitter, if it had one.</param>
/// <param name="Redelivery">Which repetition this is, from 1, on frames that may repeat a number; otherwise <see langword="null"/>.</param>
public sealed record EventMessage(
    string Type,
    EventType? EventType,
    long Seq,
    string Id,
    string ThreadId,
    string RunId,
    double Timestamp,
    JsonElement Data,
    string? TraceParent = null,
    int? Redelivery = null) : ServerMessage
{
    /// <summary>The attempt of its run that it belongs to, from 1, which is not sent.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>
    /// The first of the numbers that a joined frame stands for (docs/protocol.md, section 3.3), below <see cref="Seq"/>, which is the last;
    /// <see langword="null"/> when it is one event.
    /// </summary>
    public long? FromSeq { get; init; }

    /// <summary>What a terminal event says of its run; otherwise <see langword="null"/>.</summary>
    public RunSummary? Run { get; init; }

    /// <summary>The id of the dead letter that this event repeats; otherwise <see langword="null"/>.</summary>
    public string? ReplayOf { get; init; }
}
