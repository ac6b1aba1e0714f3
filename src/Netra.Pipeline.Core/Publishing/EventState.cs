namespace Netra.Pipeline.Publishing;

/// <summary>What has become of an event, as its trace says: the columns of the ledger.</summary>
internal enum EventState
{
    /// <summary>It is kept, and nobody has confirmed it.</summary>
    Pending,

    /// <summary>A device has confirmed it.</summary>
    Acknowledged,

    /// <summary>Retention deleted it before anybody had confirmed it.</summary>
    Expired,

    /// <summary>It became a dead letter, and nobody confirmed it later.</summary>
    DeadLettered,
}
