namespace Netra.Pipeline.Protocol;

/// <summary>Why numbers are not next on a connection.</summary>
public enum GapCause
{
    /// <summary><c>overflow</c>: the connection's queue was full; the events follow.</summary>
    Overflow,

    /// <summary><c>expired</c>: retention removed the events before they could be sent.</summary>
    Expired,

    /// <summary><c>server_restart</c>: numbers were skipped after an unclean end, so that none is used twice.</summary>
    ServerRestart,
}
