namespace Netra.Pipeline.Alerting;

/// <summary>How a rule compares a signal with its threshold.</summary>
public enum AlertComparison
{
    /// <summary>It holds above the threshold.</summary>
    Above,

    /// <summary>It holds at the threshold and above it.</summary>
    AtLeast,

    /// <summary>It holds below the threshold.</summary>
    Below,

    /// <summary>It holds anywhere but at the threshold.</summary>
    NotEqual,
}
