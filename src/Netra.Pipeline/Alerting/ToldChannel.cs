namespace Netra.Pipeline.Alerting;

/// <summary>A channel that an incident was told to, at one level.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Level">The level.</param>
/// <param name="IsOn">Whether the last thing it was told is that the incident is on.</param>
internal sealed record ToldChannel(string Channel, EscalationLevel Level, bool IsOn);
