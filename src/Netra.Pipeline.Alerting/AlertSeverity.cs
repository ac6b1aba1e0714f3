namespace Netra.Pipeline.Alerting;

/// <summary>How bad an alert is; a higher value is worse.</summary>
public enum AlertSeverity
{
    /// <summary>Somebody should look at it some time.</summary>
    Low,

    /// <summary>Somebody should look at it today.</summary>
    Medium,

    /// <summary>Somebody should look at it now.</summary>
    High,

    /// <summary>Users are affected: somebody must act now.</summary>
    Critical,
}
