using System.Text.Json.Nodes;

namespace Netra.Pipeline.Client.Publishing;

/// <summary>An event to be published (docs/protocol.md, section 9).</summary>
/// <param name="UserId">Whose it is.</param>
/// <param name="ThreadId">The thread.</param>
/// <param name="RunId">The run; null for a <c>custom</c> event outside of any.</param>
/// <param name="Type">The type: one of section 3.1 that a publisher may say, or <c>heartbeat</c> or <c>waiting</c> (9.8).</param>
/// <param name="Data">What its type needs, and anything besides; null for nothing. It is read when the event is published.</param>
public sealed record PublishEvent(string UserId, string ThreadId, string? RunId, string Type, JsonObject? Data)
{
    /// <summary>Of which tenant the user is; null for the publisher's own, or none.</summary>
    public string? TenantId { get; init; }

    /// <summary>The attempt of its run that it belongs to, from 1; null for the latest one.</summary>
    public int? Attempt { get; init; }

    /// <summary>
    /// Under which key it makes one event, however often it is sent: 1 to 256 bytes, for a day, over processes. Null for one of this
    /// publisher's own, which is good for as long as the publisher lives.
    /// </summary>
    public string? IdempotencyKey { get; init; }
}
