namespace Netra.Pipeline.Events;

/// <summary>Where an event stood when it was numbered.</summary>
public enum EventStatus
{
    /// <summary>
    /// Every connection of the user that is there has it in its queue, or reads it as part of its replay; there is at least one.
    /// </summary>
    Queued,

    /// <summary>At least one connection lags and gets it once it has caught up.</summary>
    Lagging,

    /// <summary>The user has no connection; it waits in the log.</summary>
    Pending,
}
