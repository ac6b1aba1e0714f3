namespace Netra.Pipeline.Alerting;

/// <summary>Where an alert stands. One that is inactive is not kept, so there is no value for it.</summary>
public enum AlertState
{
    /// <summary>Its rule holds, but not for long enough yet.</summary>
    Pending,

    /// <summary>It is on.</summary>
    Firing,

    /// <summary>It is over.</summary>
    Resolved,
}
