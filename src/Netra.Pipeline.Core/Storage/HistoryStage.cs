namespace Netra.Pipeline.Storage;

/// <summary>The stages of an event's way.</summary>
public enum HistoryStage
{
    /// <summary>It was numbered and handed to the log.</summary>
    Accepted,

    /// <summary>It was committed.</summary>
    Stored,

    /// <summary>It was in a connection's queue, or part of its replay.</summary>
    Queued,

    /// <summary>It was handed to a connection's transport.</summary>
    Written,

    /// <summary>A connection acknowledged it.</summary>
    Acknowledged,

    /// <summary>Retention deleted it.</summary>
    Expired,

    /// <summary>It became a dead letter.</summary>
    DeadLettered,
}
