namespace Netra.Pipeline.Alerting;

/// <summary>The result of an operator's action on alerts.</summary>
public enum AlertAnswer
{
    /// <summary>It is done.</summary>
    Done,

    /// <summary>There is nothing of that name.</summary>
    NotFound,

    /// <summary>The alert does not fire, or not any more.</summary>
    NotFiring,

    /// <summary>The alert is a rule's, and is resolved when its cause is gone.</summary>
    NotByHand,

    /// <summary>There are as many as there may be.</summary>
    Full,
}
