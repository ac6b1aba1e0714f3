using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Monitoring.Health;

namespace Netra.Pipeline.Monitoring.Remediation;

/// <summary>
/// Begins the emergency mode when the log cannot take the emitted events, so that lifecycle events still get through; ends it when all
/// events have been taken for a while. Emitters wait for room in a burst, so only events count that waited in vain, or were too many to
/// wait. Called by the monitor alone.
/// </summary>
/// <remarks>
/// The mode must not outlast its cause, since it refuses events that could be taken. It does not begin while the log stores nothing, or
/// right after the process did not run, since it would not help then; and it ends after two seconds in which all events were taken. When it
/// begins again within a minute, the load lasts, and it stays on longer each time, up to a minute.
/// </remarks>
internal sealed class OverloadRemediation(
    EmergencyMode emergency,
    EmissionWaits waits,
    LocalFaults localFaults,
    RemediationLog steps,
    IOptions<MonitoringOptions> options,
    ServedTime time)
{
    private const string Author = "remediation";
    private static readonly TimeSpan FirstHold = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestHold = TimeSpan.FromMinutes(1);

    private LocalFaults.Mark _before = localFaults.Begin();
    private long _seen;
    private long _refusedAt;
    private long _leftAt;
    private int _again;
    private TimeSpan _hold = FirstHold;

    public void OnTick()
    {
        var (now, mark) = (time.GetTimestamp(), _before);
        var refused = waits.Refused.Total - _seen;
        (_seen, _before) = (_seen + refused, localFaults.Begin());
        _refusedAt = refused > 0 ? now : _refusedAt;
        if (emergency.State is { IsAutomatic: true })
        {
            Leave(now);
        }
        else if (refused > 0 && options.Value.AutomaticEmergencyMode && mark.Since() is null)
        {
            Enter(refused, now);
        }
    }

    private void Enter(long refused, long now)
    {
        if (emergency.TryEnter($"the log could not take {refused} events in the last second", Author, isAutomatic: true))
        {
            _again = _leftAt != 0 && time.GetElapsedTime(_leftAt, now) < LongestHold ? _again + 1 : 0;
            _hold = RetryPause.After(FirstHold, LongestHold, _again, random: 0.5);
            steps.Add(
                "emergency_mode", "began emergency mode", $"{refused} events found no room in the log, although they had waited for it");
        }
    }

    private void Leave(long now)
    {
        if (time.GetElapsedTime(_refusedAt, now) >= _hold && emergency.TryLeave(Author))
        {
            _leftAt = now;
            steps.Add("emergency_mode", "ended emergency mode", $"no event was without room in the log for {_hold.TotalSeconds:F0} s");
        }
    }
}
