namespace Netra.Pipeline.Connections;

/// <summary>The state of a connection. Each kind of silence has a name of its own.</summary>
public enum ConnectionState
{
    /// <summary>The page answers and makes progress.</summary>
    Healthy,

    /// <summary>The page is behind: its queue overflowed, or it is reading the events that it missed.</summary>
    CatchingUp,

    /// <summary>The browser answers, the page does not: a background tab. Its user counts as offline.</summary>
    Frozen,

    /// <summary>The page answers, but leaves events unacknowledged: a silent failure.</summary>
    Stuck,

    /// <summary>The peer is dead, or the connection has ended.</summary>
    Ended,
}
