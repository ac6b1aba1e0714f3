namespace Netra.Pipeline.Alerting;

/// <summary>
/// The wall clock's time at the start, plus the time that has passed since then: setting the clock of the machine neither delays an
/// escalation nor brings it forward. Safe from any thread.
/// </summary>
internal sealed class AlertClock(TimeProvider time)
{
    private readonly DateTimeOffset _origin = time.GetUtcNow();
    private readonly long _timestamp = time.GetTimestamp();

    public DateTimeOffset Now => _origin + time.GetElapsedTime(_timestamp);
}
