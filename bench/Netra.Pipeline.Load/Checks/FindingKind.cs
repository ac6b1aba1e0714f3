namespace Netra.Pipeline.Load.Checks;

/// <summary>What a server can do wrong to those it serves. Each of them fails a run.</summary>
internal enum FindingKind
{
    /// <summary>An event that a receipt speaks of, or whose number was passed over, has not come.</summary>
    Lost,

    /// <summary>A number came twice, without a mark as a redelivery.</summary>
    Duplicated,

    /// <summary>A number came after a higher one, without a mark as a redelivery.</summary>
    Reordered,

    /// <summary>Numbers were passed over, and no <c>gap</c> said why.</summary>
    UnexplainedGap,

    /// <summary>A receipt is missing, doubled, or says something else than what came.</summary>
    WrongReceipt,

    /// <summary>An event of another user, or with another content than what was published.</summary>
    WrongContent,

    /// <summary>An open connection on which not even a ping came for as long as the protocol allows.</summary>
    Stalled,

    /// <summary>Bytes that are no frames, or no messages, of the protocol; or a server that takes none of its client's.</summary>
    Unreadable,

    /// <summary>A cursor of a known epoch was not resumed.</summary>
    NotResumed,

    /// <summary>The server ended a connection that had kept to the protocol.</summary>
    Ended,

    /// <summary>No connection, or no publishing request, could be opened.</summary>
    Refused,
}
