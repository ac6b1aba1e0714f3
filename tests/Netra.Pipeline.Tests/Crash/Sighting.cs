using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Crash;

/// <summary>An event as it came over the wire, with everything that must never differ from one delivery to the next.</summary>
internal sealed record Sighting(
    string UserId,
    long Seq,
    string Id,
    string Type,
    string ThreadId,
    string RunId,
    double Timestamp,
    string Data,
    string? Marker,
    RunTotal? Total)
{
    /// <param name="userId">Whose stream it came from.</param>
    /// <param name="numbered">The event.</param>
    /// <param name="message">The message that it was read from.</param>
    public static Sighting Of(string userId, EventMessage numbered, ReadOnlyMemory<byte> message) => new(
        userId,
        numbered.Seq,
        numbered.Id,
        numbered.Type,
        numbered.ThreadId,
        numbered.RunId,
        numbered.Timestamp,
        numbered.Data.GetRawText(),
        numbered.Data.TryGetProperty(PublishedEvent.MarkerMember, out var marker) ? marker.GetString() : null,
        numbered.EventType is { } type && EventTypes.IsTerminal(type) ? RunTotal.Read(message) : null);
}
