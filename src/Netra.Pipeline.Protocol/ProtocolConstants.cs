namespace Netra.Pipeline.Protocol;

/// <summary>The fixed names, ranges and default limits of <c>netra.v1</c> (docs/protocol.md).</summary>
public static class ProtocolConstants
{
    /// <summary>The WebSocket subprotocol.</summary>
    public const string Subprotocol = "netra.v1";

    /// <summary>The default path of the WebSocket.</summary>
    public const string DefaultPath = "/ws";

    /// <summary>The highest number an event can have, 2^53 - 1: the largest integer that JavaScript holds exactly.</summary>
    public const long MaxSeq = 9_007_199_254_740_991;

    /// <summary>Query parameter: who connects (Development only).</summary>
    public const string UserIdParameter = "user_id";

    /// <summary>Query parameter: the credential where no header can be set.</summary>
    public const string TokenParameter = "token";

    /// <summary>Query parameter: the client's cursor.</summary>
    public const string SeqParameter = "seq";

    /// <summary>Query parameter: the epoch that the cursor belongs to.</summary>
    public const string EpochParameter = "epoch";

    /// <summary>Query parameter: where coverage began.</summary>
    public const string FromParameter = "from";

    /// <summary>The longest user, thread and run id, in bytes of UTF-8. The shortest has one.</summary>
    public const int MaxIdentifierBytes = 256;

    /// <summary>The longest id of a client message, in Unicode characters (code points). The shortest has one.</summary>
    public const int MaxMessageIdLength = 128;

    /// <summary>The deepest nesting of objects and arrays in a message.</summary>
    public const int MaxDepth = 64;

    /// <summary>Default limit of one client message, in bytes.</summary>
    public const int DefaultMaxClientMessageBytes = 64 * 1024;

    /// <summary>Default limit of one encoded event, in bytes.</summary>
    public const int DefaultMaxEventBytes = 256 * 1024;

    /// <summary>Default limit of a connection's queue, in frames.</summary>
    public const int DefaultQueueFrames = 1024;

    /// <summary>Default limit of a connection's queue, in bytes.</summary>
    public const int DefaultQueueBytes = 1024 * 1024;

    /// <summary>Default limit of a connection's control lane, in messages.</summary>
    public const int DefaultControlLaneMessages = 64;

    /// <summary>Default limit of client messages being handled at once, per connection.</summary>
    public const int DefaultConcurrentClientMessages = 4;

    /// <summary>Default limit of <c>replay</c> requests waiting, per connection.</summary>
    public const int DefaultWaitingReplays = 8;

    /// <summary>Default interval between pings, in milliseconds.</summary>
    public const int DefaultPingIntervalMs = 15_000;

    /// <summary>Default time after a missed ping until a connection counts as dead, in milliseconds.</summary>
    public const int DefaultPingTimeoutMs = 10_000;

    /// <summary>Default interval at which clients are asked to acknowledge, in milliseconds.</summary>
    public const int DefaultAckIntervalMs = 1_000;

    /// <summary>Default number of events after which clients are asked to acknowledge.</summary>
    public const int DefaultAckEvery = 64;

    /// <summary>Default time after which a frozen page's connection is ended, in milliseconds.</summary>
    public const int DefaultFrozenPageMs = 5 * 60_000;

    /// <summary>Default time a write may make no progress, in milliseconds.</summary>
    public const int DefaultStallTimeoutMs = 30_000;

    /// <summary>Default time for the closing handshake, in milliseconds.</summary>
    public const int DefaultCloseTimeoutMs = 5_000;
}
