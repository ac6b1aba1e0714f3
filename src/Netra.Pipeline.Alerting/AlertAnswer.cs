namespace Netra.Pipeline.Alerting;

/// <summary>What came of something that was asked of alerts.</summary>
public enum AlertAnswer
{
    /// <summary>It is done.</summary>
    Done,

    /// <summary>There is nothing of that name.</summary>
    NotFound,

    /// <summary>The alert does not fire, or not any more.</summary>
    NotFiring,

    /// <summary>The alert is a rule's, and is over when its cause is gone.</summary>
    NotByHand,

    /// <summary>There are as many as there may be.</summary>
    Full,
}
