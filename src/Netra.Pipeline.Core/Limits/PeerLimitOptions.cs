using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Limits;

/// <summary>How much peers may ask of the server, alone and together. Configuration section <c>Netra:Limits</c>.</summary>
public sealed class PeerLimitOptions
{
    /// <summary>
    /// How many handshakes are taken a second. Range 1 to 1,000,000, default 10,000; <see cref="HandshakeBurst"/> says for how long it may
    /// be more. One more is refused with 429, <c>rate_limited</c>.
    /// </summary>
    [Range(1, 1_000_000)]
    public int HandshakesPerSecond { get; set; } = 10_000;

    /// <summary>
    /// How many of them from one address: of IPv6, from one network of 64 bits. Range 1 to 1,000,000, default 5,000. Behind a proxy that is
    /// not trusted (<c>Netra:Proxies:Trusted</c>) all pages have one address.
    /// </summary>
    [Range(1, 1_000_000)]
    public int HandshakesPerSecondPerAddress { get; set; } = 5000;

    /// <summary>
    /// How long both rates may be saved up: with the defaults 25,000 pages of one address come back at once. Range 1 s to 10 min, default
    /// 5 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan HandshakeBurst { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How many handshakes may be under way: complete, and being authenticated, or waiting for their user's stream. Range 1 to 1,000,000,
    /// default 20,000. One more is refused with 503, <c>too_many_handshakes</c>.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxHandshakesUnderWay { get; set; } = 20_000;

    /// <summary>How many of them from one address. Range 1 to 1,000,000, default 10,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxHandshakesUnderWayPerAddress { get; set; } = 10_000;

    /// <summary>
    /// How many connections may be open from one address. Range 1 to 10,000,000; by default as many as in all, since all pages may come
    /// through one proxy. One more is refused with 503, <c>too_many_connections</c>.
    /// </summary>
    [Range(1, 10_000_000)]
    public int? MaxConnectionsPerAddress { get; set; }

    /// <summary>
    /// How many connections the users of one tenant may have open together; users without a tenant are of none. Range 1 to 10,000,000; by
    /// default as many as in all. One more is refused with 503, <c>too_many_connections</c>.
    /// </summary>
    [Range(1, 10_000_000)]
    public int? MaxConnectionsPerTenant { get; set; }

    /// <summary>
    /// How many frames of a connection are read a second, of every kind: texts, fragments, pings and pongs. Range 10 to 10,000,000, default
    /// 2,000; <see cref="InboundBurst"/> says for how long it may be more. A message that is handed to the backend, or asks for events
    /// again, counts as 20. What comes faster is read later; nothing is lost, and nobody is ended for it.
    /// </summary>
    [Range(10, 10_000_000)]
    public int InboundMessagesPerSecond { get; set; } = 2000;

    /// <summary>How many bytes of a connection are read a second. Range 16 KiB to 1 GiB, default 1 MiB; else as above.</summary>
    [Range(16 * 1024, 1024 * 1024 * 1024)]
    public int InboundBytesPerSecond { get; set; } = 1024 * 1024;

    /// <summary>
    /// How long a connection that was quiet may save its rates up: with the defaults it may send 10,000 frames at once. Range 1 s to 1 min,
    /// default 5 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan InboundBurst { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How many frames of all connections together are read a second, a KiB counting as one. Above it 20 of each connection are still read,
    /// which is more than a page sends, so that those who send most are slowed. Range 1,000 to 1,000,000,000; default 50,000 for each
    /// processor.
    /// </summary>
    [Range(1000, 1_000_000_000)]
    public int? TotalInboundMessagesPerSecond { get; set; }

    /// <summary>
    /// How many bytes of the past a user may read a second, on all devices together: what they have missed, ask for again, and read as
    /// pages of threads. Range 64 KiB to 1 TiB, default 64 MiB; <see cref="ReplayBurst"/> says for how long it may be more. What pages ask
    /// for with <c>replay</c>, and have had, counts eight times. What is above it is read later; over HTTP it is refused with 429.
    /// </summary>
    [Range(64L * 1024, 1024L * 1024 * 1024 * 1024)]
    public long ReplayBytesPerSecond { get; set; } = 64L * 1024 * 1024;

    /// <summary>
    /// How long a user who read nothing may save that up: with the defaults 640 MiB come as fast as they are read. Range 1 s to 10 min,
    /// default 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan ReplayBurst { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How many bytes of the past all users may read a second; 1 MiB of each user, and 4 MiB after a rest, are read in any case, which is
    /// more than most have missed. Range 1 MiB to 1 TiB; default 64 MiB for each processor.
    /// </summary>
    [Range(1024L * 1024, 1024L * 1024 * 1024 * 1024)]
    public long? TotalReplayBytesPerSecond { get; set; }

    /// <summary>
    /// How many bytes of the past may be in memory on their way to all connections. Range 1 MiB to 64 GiB, default 64 MiB. Above it each
    /// connection goes on with pages of 4 KiB, or of one event.
    /// </summary>
    [Range(1024L * 1024, 64L * 1024 * 1024 * 1024)]
    public long ReplayBytesInFlight { get; set; } = 64L * 1024 * 1024;

    /// <summary>The same for the connections of one user. Range 64 KiB to 64 GiB, default 2 MiB.</summary>
    [Range(64L * 1024, 64L * 1024 * 1024 * 1024)]
    public long ReplayBytesInFlightPerUser { get; set; } = 2L * 1024 * 1024;

    /// <summary>
    /// How many single events a publisher may post a second. Range 1 to 10,000,000, default 20,000; <see cref="PublishBurst"/> says for how
    /// long it may be more. One more is refused with 429, <c>rate_limited</c>.
    /// </summary>
    [Range(1, 10_000_000)]
    public int PublishedEventsPerSecond { get; set; } = 20_000;

    /// <summary>
    /// How many lines of a publisher are read a second, in all its requests of many events. Range 10 to 100,000,000, default 1,000,000.
    /// What comes faster is read later; no line is refused for it.
    /// </summary>
    [Range(10, 100_000_000)]
    public int PublishedLinesPerSecond { get; set; } = 1_000_000;

    /// <summary>
    /// How many bytes of a publisher are read a second, as bodies and as lines. Range 64 KiB to 1 TiB, default 512 MiB. Lines above it are
    /// read later, bodies are refused with 429.
    /// </summary>
    [Range(64L * 1024, 1024L * 1024 * 1024 * 1024)]
    public long PublishedBytesPerSecond { get; set; } = 512L * 1024 * 1024;

    /// <summary>
    /// How many lines of a publisher may be refused a second, and how many single events, whatever for: each is work, and is told. Range 1
    /// to 10,000,000, default 5,000. Above it lines are read later, and single events refused with 429.
    /// </summary>
    [Range(1, 10_000_000)]
    public int RefusedEventsPerSecond { get; set; } = 5000;

    /// <summary>
    /// How long a publisher that was quiet may save its rates up: with the defaults it may post 100,000 single events at once. Range 1 s to
    /// 1 min, default 5 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan PublishBurst { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How many runs of a user may be open that are published over HTTP. Range 1 to 10,000,000, default 20,000. The first event of one more
    /// is refused with <c>too_many_runs</c>.
    /// </summary>
    [Range(1, 10_000_000)]
    public int MaxOpenRunsPerUser { get; set; } = 20_000;

    /// <summary>
    /// How many runs of one tenant's users may be open together; users without a tenant are of none. Range 1 to 10,000,000, default
    /// 200,000; else as above.
    /// </summary>
    [Range(1, 10_000_000)]
    public int MaxOpenRunsPerTenant { get; set; } = 200_000;

    /// <summary>How many runs of a publisher may be open. Range 1 to 10,000,000, default 200,000; else as above.</summary>
    [Range(1, 10_000_000)]
    public int MaxOpenRunsPerPublisher { get; set; } = 200_000;

    /// <summary>
    /// How many requests of many events a publisher may have open, each of which keeps up to 1,024 streams loaded. Range 1 to 1,000,000; by
    /// default as many as all may have (<c>Netra:Publish:MaxOpenRequests</c>). One more is refused with 503.
    /// </summary>
    [Range(1, 1_000_000)]
    public int? MaxOpenRequestsPerPublisher { get; set; }

    internal long TotalReplay => TotalReplayBytesPerSecond ?? 64L * 1024 * 1024 * Environment.ProcessorCount;

    internal int TotalInbound => TotalInboundMessagesPerSecond ?? 50_000 * Environment.ProcessorCount;
}
