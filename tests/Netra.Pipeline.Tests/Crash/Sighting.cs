using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Crash;

/// <summary>An event as it came over the wire, with everything that must never differ from one delivery to the next.</summary>
internal sealed record Sighting(string UserId, long Seq, string Id, string Type, string ThreadId, string RunId, double Timestamp, string Data, string? Marker)
{
    public static Sighting Of(string userId, EventMessage numbered) => new(
        userId,
        numbered.Seq,
        numbered.Id,
        numbered.Type,
        numbered.ThreadId,
        numbered.RunId,
        numbered.Timestamp,
        numbered.Data.GetRawText(),
        numbered.Data.TryGetProperty(PublishedEvent.MarkerMember, out var marker) ? marker.GetString() : null);
}
