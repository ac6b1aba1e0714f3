using System.Text.Json.Serialization;

namespace Netra.Pipeline.Alerting;

/// <summary>A channel that an incident was told to, at one level.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Level">The level.</param>
/// <param name="ResolvedAt">When it was told that the incident is over; null while the last thing it was told is that it is on.</param>
internal sealed record NotifiedChannel(string Channel, EscalationLevel Level, DateTimeOffset? ResolvedAt = null)
{
    /// <summary>Whether it believes that the incident is on.</summary>
    [JsonIgnore]
    public bool IsOn => ResolvedAt is null;
}
