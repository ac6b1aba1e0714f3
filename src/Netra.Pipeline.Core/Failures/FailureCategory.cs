namespace Netra.Pipeline.Failures;

/// <summary>What kind of thing went wrong, for grouping.</summary>
public enum FailureCategory
{
    /// <summary>The caller asked for something that is not allowed.</summary>
    Rejected,

    /// <summary>Something that is needed is not there.</summary>
    MissingCapability,

    /// <summary>Something did not happen in time.</summary>
    Timeout,

    /// <summary>Something broke.</summary>
    Exception,

    /// <summary>A limit was reached.</summary>
    Overflow,

    /// <summary>Something is gone.</summary>
    Lost,

    /// <summary>A promise of the system itself was nearly broken.</summary>
    Violation,
}
