using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Streams;

/// <summary>Limits of the streams. Configuration section <c>Netra:Streams</c>.</summary>
public sealed class StreamOptions
{
    /// <summary>
    /// The largest encoded event, in bytes. Range 1 KiB to 16 MiB, default 256 KiB. A larger one fails alone with <c>event_too_large</c>.
    /// </summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int MaxEventBytes { get; set; } = 256 * 1024;

    /// <summary>How many recent events of a stream are kept ready for replay besides the log. Range 16 to 65,536, default 256.</summary>
    [Range(16, 65_536)]
    public int WindowEvents { get; set; } = 256;

    /// <summary>
    /// What the recent windows of all streams may hold together of committed events, in bytes; a quarter of
    /// <c>Netra:Connections:BufferBudgetBytes</c> at most. Range 1 MiB to 64 GiB, default 64 MiB. Above it, each
    /// stream keeps only what the log has not committed.
    /// </summary>
    [Range(1024L * 1024, 64L * 1024 * 1024 * 1024)]
    public long WindowBudgetBytes { get; set; } = 64L * 1024 * 1024;

    /// <summary>How many separate acknowledged ranges a stream remembers. Range 4 to 4,096, default 64. Normally there is one.</summary>
    [Range(4, 4096)]
    public int MaxAcknowledgedRanges { get; set; } = 64;

    /// <summary>How many runs a stream remembers, open ones and those that ended last. Range 16 to 65,536, default 256.</summary>
    [Range(16, 65_536)]
    public int MaxRuns { get; set; } = 256;

    /// <summary>How many connections one user may have. Range 1 to 10,000, default 100. One more is refused with 503.</summary>
    [Range(1, 10_000)]
    public int MaxConnectionsPerUser { get; set; } = 100;

    /// <summary>
    /// How long an unused stream stays loaded, so that a page that comes back, or the next event of a backend, need not load it again.
    /// Range 0 to 10 min, default 15 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan IdleGrace { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How many unused streams may stay loaded, at a few KB each. Range 0 to 1,000,000, default 4,096. Above it, those unused longest are
    /// evicted at once.
    /// </summary>
    [Range(0, 1_000_000)]
    public int MaxIdleStreams { get; set; } = 4096;

    /// <summary>
    /// How long pieces of text may wait for each other on a connection that keeps up and takes joined frames, for the sake of slow links.
    /// Range 0 to 1 s, default 0: each is sent at once. Whatever else is sent takes the text before it along.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan TokenWindow { get; set; }

    /// <summary>
    /// How long events are kept, in time that passes: setting the clock forward or back makes no event older or younger. Range 1 minute to
    /// 3,650 days, default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(7);
}
