using Microsoft.Extensions.Options;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Monitoring.Figures;

namespace Netra.Pipeline.Monitoring.Remedies;

/// <summary>Begins the emergency mode when the log cannot take what is emitted, so that what users must see still gets through; ends it when that has not happened for a minute. Called by the tick alone.</summary>
internal sealed class OverloadRemedy(EmergencyMode emergency, FailureCounts failures, RemedyLog steps, IOptions<MonitoringOptions> options)
{
    private const string Author = "remediation";

    public void OnTick()
    {
        var refused = failures[FailureCode.LogFull].LastMinute;
        if (refused > 0 && options.Value.AutomaticEmergencyMode
            && emergency.TryEnter($"the log could not take {refused} events in the last minute", Author, isAutomatic: true))
        {
            steps.Add("emergency_mode", "began emergency mode", $"{refused} events were refused with log_full in the last minute");
        }
        else if (refused == 0 && emergency.State is { IsAutomatic: true } && emergency.TryLeave(Author))
        {
            steps.Add("emergency_mode", "ended emergency mode", "no event was refused with log_full for a minute");
        }
    }
}
