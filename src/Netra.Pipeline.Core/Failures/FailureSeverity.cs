namespace Netra.Pipeline.Failures;

/// <summary>How bad a failure is: its log level, and the <c>severity</c> of the message that shows it.</summary>
public enum FailureSeverity
{
    /// <summary>One thing failed, and whoever wanted it was told. Logged at ERROR.</summary>
    Error,

    /// <summary>Somebody must look now. Logged at CRITICAL.</summary>
    Critical,
}
