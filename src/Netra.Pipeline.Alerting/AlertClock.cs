namespace Netra.Pipeline.Alerting;

/// <summary>The wall clock's time when it was made, and from there on only what has passed: somebody who sets the clock neither holds up an escalation nor brings it forward. Safe from any thread.</summary>
internal sealed class AlertClock(TimeProvider time)
{
    private readonly DateTimeOffset _origin = time.GetUtcNow();
    private readonly long _timestamp = time.GetTimestamp();

    public DateTimeOffset Now => _origin + time.GetElapsedTime(_timestamp);
}
