namespace Netra.Pipeline.Limits;

/// <summary>The limits of what peers ask for, as metrics name them (<c>netra.limit</c>).</summary>
internal enum Limit
{
    /// <summary>What one connection sends.</summary>
    Inbound,

    /// <summary>What all connections send together.</summary>
    InboundTotal,

    /// <summary>What one user reads of the past.</summary>
    Replay,

    /// <summary>What all users read of the past together.</summary>
    ReplayTotal,

    /// <summary>Single events that one publisher posts.</summary>
    PublishedEvents,

    /// <summary>Lines that one publisher sends.</summary>
    PublishedLines,

    /// <summary>Runs of one user, of one tenant, or of one publisher, that are open.</summary>
    OpenRuns,

    /// <summary>Handshakes, in all.</summary>
    Handshakes,

    /// <summary>Handshakes from one address.</summary>
    HandshakesOfAddress,

    /// <summary>Connections from one address.</summary>
    ConnectionsOfAddress,

    /// <summary>Connections of one user.</summary>
    ConnectionsOfUser,

    /// <summary>Connections that are held for long, in all.</summary>
    Connections,

    /// <summary>Connections of one tenant.</summary>
    ConnectionsOfTenant,
}
