using System.Text.Json.Serialization;

namespace Netra.Pipeline.Peers;

/// <summary>One event.</summary>
internal sealed record PeerEvent(
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("thread_id")] string ThreadId,
    [property: JsonPropertyName("run_id")] string RunId,
    [property: JsonPropertyName("text")] string Text)
{
    /// <summary>An event that is emitted now.</summary>
    public static PeerEvent Next() => new("token", "t1", "r1", PeerText.Next());
}
