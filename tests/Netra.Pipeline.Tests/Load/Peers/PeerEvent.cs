using System.Globalization;
using System.Text.Json;

namespace Netra.Pipeline.Tests.Load.Peers;

/// <summary>An event that a client has received.</summary>
/// <param name="ThreadId">Its thread.</param>
/// <param name="RunId">Its run.</param>
/// <param name="Text">Its text.</param>
/// <param name="Seq">Its number; null where events have none.</param>
internal sealed record PeerEvent(string? ThreadId, string? RunId, string Text, long? Seq)
{
    private const string Stamp = " ts=";

    /// <summary>When it was emitted, in ns on the monotonic clock.</summary>
    public long EmittedAt
        => long.Parse(Text.AsSpan(Text.LastIndexOf(Stamp, StringComparison.Ordinal) + Stamp.Length), CultureInfo.InvariantCulture);

    public static PeerEvent Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var text = root.TryGetProperty("data", out var data) ? data.GetProperty("delta") : root.GetProperty("text");
        return new PeerEvent(
            root.GetProperty("thread_id").GetString(),
            root.GetProperty("run_id").GetString(),
            text.GetString()!,
            root.TryGetProperty("seq", out var seq) ? seq.GetInt64() : null);
    }
}
