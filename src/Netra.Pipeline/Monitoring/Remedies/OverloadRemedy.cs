using Microsoft.Extensions.Options;
using Netra.Pipeline.Emission;

namespace Netra.Pipeline.Monitoring.Remedies;

/// <summary>
/// Begins the emergency mode when the log cannot take what is emitted, so that what users must see still gets through; ends it when that has not happened for a minute. Waiting for room handles a burst, so only those count
/// that waited in vain, or were too many to wait. Called by the tick alone.
/// </summary>
internal sealed class OverloadRemedy(EmergencyMode emergency, EmissionWaits waits, RemedyLog steps, IOptions<MonitoringOptions> options)
{
    private const string Author = "remediation";

    public void OnTick()
    {
        waits.Refused.OnTick();
        var refused = waits.Refused.LastMinute;
        if (refused > 0 && options.Value.AutomaticEmergencyMode
            && emergency.TryEnter($"the log could not take {refused} events in the last minute", Author, isAutomatic: true))
        {
            steps.Add("emergency_mode", "began emergency mode", $"{refused} events found no room in the log in the last minute, although they had waited for it");
        }
        else if (refused == 0 && emergency.State is { IsAutomatic: true } && emergency.TryLeave(Author))
        {
            steps.Add("emergency_mode", "ended emergency mode", "no event was without room in the log for a minute");
        }
    }
}
