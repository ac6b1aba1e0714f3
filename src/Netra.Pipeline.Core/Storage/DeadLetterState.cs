namespace Netra.Pipeline.Storage;

/// <summary>What became of a dead letter.</summary>
public enum DeadLetterState
{
    /// <summary>Nobody has dealt with it.</summary>
    Waiting,

    /// <summary>An operator has sent it again, as a new event.</summary>
    Replayed,

    /// <summary>An operator has dropped it.</summary>
    Dropped,

    /// <summary>A device has acknowledged the event after all.</summary>
    Acknowledged,
}
