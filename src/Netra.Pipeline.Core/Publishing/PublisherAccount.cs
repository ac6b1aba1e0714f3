using Netra.Pipeline.Limits;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// What one publisher sends, in all its requests. Safe to use from any thread; requests of many events tell it once for each piece of
/// input, not for each line.
/// </summary>
/// <param name="rates">How fast publishers may be.</param>
internal sealed class PublisherAccount(PublisherRates rates)
{
    private readonly Lock _gate = new();
    private long _events;
    private long _lines;
    private long _bytes;
    private long _refusedEvents;
    private long _refusedLines;

    /// <summary>Whether it owes nothing: a new one would be as good.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return Math.Max(Math.Max(Math.Max(_events, _lines), _bytes), Math.Max(_refusedEvents, _refusedLines)) < rates.Now();
            }
        }
    }

    /// <summary>Takes a single event.</summary>
    /// <returns>How long until it may come; zero when it is taken.</returns>
    public TimeSpan TakeEvent()
    {
        lock (_gate)
        {
            var now = rates.Now();
            var owed = Math.Max(rates.Bytes.Spend(ref _bytes, now, units: 0), rates.Refused.Spend(ref _refusedEvents, now, units: 0));
            return owed > 0 || !rates.Events.TryTake(ref _events, now, units: 1, out owed) ? rates.Span(owed) : TimeSpan.Zero;
        }
    }

    /// <summary>Counts what has come of a body, or of many lines.</summary>
    /// <returns>How long to rest before more is read.</returns>
    public TimeSpan Spend(int lines, long bytes)
    {
        lock (_gate)
        {
            var now = rates.Now();
            return rates.Span(Math.Max(rates.Lines.Spend(ref _lines, now, lines), rates.Bytes.Spend(ref _bytes, now, bytes)));
        }
    }

    /// <summary>Counts lines that were refused: each is work, and is told.</summary>
    /// <returns>How long the request that sent them is to rest; the publisher's others go on.</returns>
    public TimeSpan SpendRefusedLines(int lines)
    {
        lock (_gate)
        {
            return rates.Span(rates.Refused.Spend(ref _refusedLines, rates.Now(), lines));
        }
    }

    /// <summary>Counts a single event that was refused.</summary>
    public void SpendRefusedEvent()
    {
        lock (_gate)
        {
            rates.Refused.Spend(ref _refusedEvents, rates.Now(), units: 1);
        }
    }
}

/// <summary>How fast publishers may be.</summary>
internal sealed class PublisherRates(PeerLimitOptions options, TimeProvider time)
{
    /// <summary>Single events.</summary>
    public Rate Events { get; } = Of(options.PublishedEventsPerSecond, options, time);

    /// <summary>Lines.</summary>
    public Rate Lines { get; } = Of(options.PublishedLinesPerSecond, options, time);

    /// <summary>Bytes of both.</summary>
    public Rate Bytes { get; } = Of(options.PublishedBytesPerSecond, options, time);

    /// <summary>Events that are refused.</summary>
    public Rate Refused { get; } = Of(options.RefusedEventsPerSecond, options, time);

    public long Now() => time.GetTimestamp();

    /// <summary>A difference of timestamps.</summary>
    public TimeSpan Span(long steps) => time.GetElapsedTime(0, steps);

    private static Rate Of(double perSecond, PeerLimitOptions options, TimeProvider time)
        => new(perSecond, perSecond * options.PublishBurst.TotalSeconds, time);
}
