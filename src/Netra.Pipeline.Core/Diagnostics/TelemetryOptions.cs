namespace Netra.Pipeline.Diagnostics;

/// <summary>What telemetry says. Configuration section <c>Netra:Telemetry</c>.</summary>
public sealed class TelemetryOptions
{
    /// <summary>
    /// Whether spans name the user (<c>enduser.id</c>). Default false: traces often go to a third party, and a user id is personal data.
    /// </summary>
    public bool IncludeUserIds { get; set; }
}
