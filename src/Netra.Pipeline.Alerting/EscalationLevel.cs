namespace Netra.Pipeline.Alerting;

/// <summary>Who is told of an alert, from the first to the last.</summary>
public enum EscalationLevel
{
    /// <summary>Who runs the service.</summary>
    Operations,

    /// <summary>Who builds it.</summary>
    Engineering,

    /// <summary>Who answers for it.</summary>
    Management,

    /// <summary>Who leads the company.</summary>
    Executive,
}
