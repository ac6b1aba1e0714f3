using System.ComponentModel.DataAnnotations;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Connections;

/// <summary>Limits and times of a connection. Configuration section <c>Netra:Connections</c>.</summary>
public sealed class ConnectionOptions
{
    /// <summary>
    /// How many connections may be open at once, of all kinds, HTTP's included. Range 16 to 10,000,000; by default, and at most, as many as
    /// there are file handles for (<c>ulimit -n</c>, less those that are open when the pipeline has started and
    /// <c>Netra:Hosting:ReservedHandles</c>). One more is closed without an answer.
    /// </summary>
    [Range(16, 10_000_000)]
    public int? MaxConnections { get; set; }

    /// <summary>
    /// How many connections may be open that have not sent a whole request yet. Range 8 to 1,000,000, default 1,000, and no more than an
    /// eighth of all. Above it, those that have been silent longest, and for at least 5 s, are closed. Pages and requests of many events
    /// cannot take these places.
    /// </summary>
    [Range(8, 1_000_000)]
    public int MaxHandshakes { get; set; } = 1000;

    /// <summary>
    /// How many frames a connection's queue holds. Range 8 to 1,048,576, default 1,024. One more makes the connection lag.
    /// </summary>
    [Range(8, 1_048_576)]
    public int QueueFrames { get; set; } = 1024;

    /// <summary>How many bytes a connection's queue holds. Range 16 KiB to 1 GiB, default 1 MiB, and not below the largest event.</summary>
    [Range(16L * 1024, 1024L * 1024 * 1024)]
    public long QueueBytes { get; set; } = 1024 * 1024;

    /// <summary>
    /// What the queues of all connections, and the recent windows of all streams, may hold together, in bytes. Range 16 MiB to 64 GiB;
    /// default a quarter of the memory that the process may have (in a container its limit), but 32 MiB at least and 256 MiB at most.
    /// Windows have a quarter of it at most. Above it windows drop events that the log has stored, then the largest queues drop theirs:
    /// their connections lag, and are caught up from the log.
    /// </summary>
    [Range(16L * 1024 * 1024, 64L * 1024 * 1024 * 1024)]
    public long? BufferBudgetBytes { get; set; }

    /// <summary>
    /// How many answers to client messages may wait. Range 8 to 4,096, default 64. At half of them the connection is not read any further
    /// until there is room; exceeding the limit, which only posts to an event stream can do, ends the connection with
    /// <c>control_overflow</c>.
    /// </summary>
    [Range(8, 4096)]
    public int ControlMessages { get; set; } = 64;

    /// <summary>The largest client message, in bytes. Range 256 to 16 MiB, default 64 KiB.</summary>
    [Range(256, 16 * 1024 * 1024)]
    public int MaxMessageBytes { get; set; } = 64 * 1024;

    /// <summary>
    /// How long before its end a credential is announced to the page. Range 1 s to 1 h, default 60 s. A credential that is shorter is
    /// announced at once.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan ExpiryNotice { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How many client messages of a connection are handled at a time. Range 1 to 256, default 4.</summary>
    [Range(1, 256)]
    public int MaxMessagesInHandling { get; set; } = 4;

    /// <summary>How many <c>replay</c> requests of a connection may wait. Range 1 to 256, default 8.</summary>
    [Range(1, 256)]
    public int MaxReplayRequests { get; set; } = 8;

    /// <summary>How much one flush carries at most, in bytes. Range 4 KiB to 1 MiB, default 32 KiB, half of what Kestrel buffers.</summary>
    [Range(4096, 1024 * 1024)]
    public int BatchBytes { get; set; } = 32 * 1024;

    /// <summary>
    /// The kernel's send buffer, in bytes. Range 16 KiB to 16 MiB, default 96 KiB. A larger one hides a page that reads nothing.
    /// </summary>
    [Range(16 * 1024, 16 * 1024 * 1024)]
    public int SendBufferBytes { get; set; } = 96 * 1024;

    /// <summary>
    /// What the WebSocket itself may write (pongs) while a flush is pending, in bytes. Range 256 to 1 MiB, default 16 KiB, more than a
    /// hundred pongs.
    /// </summary>
    [Range(256, 1024 * 1024)]
    public int SideBufferBytes { get; set; } = 16 * 1024;

    /// <summary>
    /// After how long without an inbound byte a ping is sent. Range 1 s to 1 h, default 15 s, below the idle time-outs of common proxies.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long an answer to a ping may take. Range 1 s to 1 h, default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan PingTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a frozen page is kept. Range 1 s to 1 day, default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan FrozenTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a write may make no progress. Range 1 s to 1 h, default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a page that answers may leave events unacknowledged. Range 2 s to 1 h, default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "01:00:00")]
    public TimeSpan SilentFailureWindow { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the peer has to answer a close frame. Range 100 ms to 1 min, default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often clients should acknowledge. Range 10 ms to 1 min, default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan AckInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>After how many events clients should acknowledge. Range 1 to 10,000, default 64.</summary>
    [Range(1, 10_000)]
    public int AckEvery { get; set; } = 64;

    internal SendQueueLimits QueueLimits => new(QueueFrames, QueueBytes, ControlMessages);

    internal long BufferLimit()
        => BufferBudgetBytes ?? Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4, 32L * 1024 * 1024, 256L * 1024 * 1024);
}
