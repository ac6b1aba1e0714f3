using System.ComponentModel.DataAnnotations;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Publishing;

/// <summary>Limits of <c>POST /v1/events</c>. Configuration section <c>Netra:Publish</c>.</summary>
public sealed class PublishOptions
{
    // Ids, trace context and punctuation around an event's data, generously.
    private const int EnvelopeBytes = 16 * 1024;

    /// <summary>
    /// The longest body of one event, and the longest line of a request of many, in bytes. Range 1 KiB to 64 MiB; default
    /// <c>Netra:Streams:MaxEventBytes</c> and 16 KiB more. Above it nothing is buffered or parsed: <c>event_too_large</c>.
    /// </summary>
    [Range(1024, 64 * 1024 * 1024)]
    public int? MaxBodyBytes { get; set; }

    /// <summary>
    /// How many receipts of one request may wait because its publisher does not read them, or because the log has not stored their events.
    /// Range 100 to 10,000,000, default 100,000: about 7 MB. Reading lines goes on until there.
    /// </summary>
    [Range(100, 10_000_000)]
    public int MaxUnreadReceipts { get; set; } = 100_000;

    /// <summary>
    /// How long a request may stand at <see cref="MaxUnreadReceipts"/> without one receipt leaving. Range 1 s to 1 h, default 10 s. Then it
    /// is ended, and that is reported.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan UnreadReceiptTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long the log may take to store an event. Range 1 s to 1 h, default 30 s. Then its publisher is told <c>log_failed</c>, with the
    /// number the event has all the same.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan StoreTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long an idempotency key is kept, so that publishing again under it gets the first receipt. Range 1 min to 30 days, default 24 h:
    /// longer than a backend that was down tries again. Afterwards the key is as good as new.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan IdempotencyWindow { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// How often the answer of a request of many events gets an empty line while nothing is answered, so that proxies and the publisher
    /// know that somebody is there. Range 1 s to 1 h, default 15 s, below the idle time-outs of common proxies.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan AnswerKeepAlive { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How many requests of many events may be open. Range 1 to 1,000,000; by default half of the connections that may be held for long,
    /// and 10,000. One more is refused with 503.
    /// </summary>
    [Range(1, 1_000_000)]
    public int? MaxOpenRequests { get; set; }

    /// <summary>
    /// How many of them may have sent nothing for a minute while none of their runs is open. Range 1 to 1,000,000, default 1,000. When one
    /// more comes, those that have been silent for the longest time are ended.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxIdleRequests { get; set; } = 1000;

    internal int BodyLimit(StreamOptions streams) => MaxBodyBytes ?? streams.MaxEventBytes + EnvelopeBytes;
}
