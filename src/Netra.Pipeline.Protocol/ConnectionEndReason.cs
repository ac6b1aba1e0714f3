namespace Netra.Pipeline.Protocol;

/// <summary>Why a connection ended: docs/protocol.md, section 7, has the wire names. Closed; a test maps every value.</summary>
public enum ConnectionEndReason
{
    /// <summary>The client said goodbye.</summary>
    ClientClosed,

    /// <summary>The transport ended without a close frame.</summary>
    ClientLost,

    /// <summary>No byte came for the ping interval and its timeout: the peer is dead.</summary>
    PingTimeout,

    /// <summary>The page answered no application ping for too long: it is frozen.</summary>
    Unresponsive,

    /// <summary>A write made no progress for the stall timeout.</summary>
    Stalled,

    /// <summary>Critical events stayed unacknowledged.</summary>
    Unconfirmed,

    /// <summary>The peer violated RFC 6455.</summary>
    ProtocolError,

    /// <summary>The peer violated <c>netra.v1</c>.</summary>
    InvalidMessage,

    /// <summary>A text frame was not UTF-8.</summary>
    InvalidPayload,

    /// <summary>A binary frame came.</summary>
    UnsupportedData,

    /// <summary>A message exceeded the limit.</summary>
    MessageTooBig,

    /// <summary>More pings came than pongs could be written.</summary>
    PingFlood,

    /// <summary>More answers to the page's own messages waited than may.</summary>
    ControlOverflow,

    /// <summary>The server stops.</summary>
    ServerShutdown,

    /// <summary>An event of another user was stopped at the last step.</summary>
    IsolationViolation,

    /// <summary>A fault of the server.</summary>
    InternalError,

    /// <summary>The credential has ended, and no new one came.</summary>
    CredentialExpired,

    /// <summary>The credential, or all of the user's, was revoked.</summary>
    CredentialRevoked,

    /// <summary>A new credential named another user than the connection's.</summary>
    IdentityChanged,

    /// <summary>The user was erased.</summary>
    UserErased,
}
