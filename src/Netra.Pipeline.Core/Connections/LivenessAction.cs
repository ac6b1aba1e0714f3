using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Connections;

/// <summary>What a tick asks to be done for a connection.</summary>
[Flags]
internal enum LivenessAction
{
    None = 0,

    /// <summary>Send a WebSocket ping.</summary>
    ProtocolPing = 1,

    /// <summary>Send an application ping.</summary>
    ApplicationPing = 2,

    /// <summary>The page has turned frozen.</summary>
    BecameFrozen = 4,

    /// <summary>The page has turned stuck: raise the alarm.</summary>
    BecameStuck = 8,

    /// <summary>The peer is dead: end the connection with <see cref="ConnectionEndReason.PingTimeout"/>.</summary>
    Dead = 16,

    /// <summary>The page was frozen for too long: end it with <see cref="ConnectionEndReason.Unresponsive"/>.</summary>
    Unresponsive = 32,

    /// <summary>A write makes no progress: end it with <see cref="ConnectionEndReason.Stalled"/>.</summary>
    Stalled = 64,

    /// <summary>The page answers again after it was frozen or stuck.</summary>
    Recovered = 128,
}
