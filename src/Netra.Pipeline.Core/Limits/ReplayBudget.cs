using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Limits;

/// <summary>
/// What is read of the past for all users together: bytes a second, and bytes that are in memory on their way to connections. Safe to use
/// from any thread; it is asked once a page.
/// </summary>
internal sealed class ReplayBudget
{
    /// <summary>How many times bytes count that a page has had already, and asks for again.</summary>
    public const int AgainFactor = 8;

    // What each user may read a second whatever the others read, and at once: more than most pages miss.
    private const double FreePerSecond = 1024 * 1024;
    private const double FreeBurst = 4 * FreePerSecond;

    // Nobody rests for longer. What is read freely while the total is used up must not be owed for minutes after that.
    private static readonly TimeSpan LongestDebt = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly PeerLimitOptions _options;
    private readonly TimeProvider _time;
    private readonly LimitMetrics? _metrics;
    private readonly Rate _total;
    private readonly Rate _free;
    private readonly long _longestDebt;
    private long _paid;
    private long _inFlight;

    public ReplayBudget(IOptions<PeerLimitOptions> options, TimeProvider time, LimitMetrics? metrics = null)
    {
        (_options, _time, _metrics) = (options.Value, time, metrics);
        var burst = _options.ReplayBurst.TotalSeconds;
        User = new Rate(_options.ReplayBytesPerSecond, _options.ReplayBytesPerSecond * burst, time);
        _free = new Rate(FreePerSecond, FreeBurst, time);
        _longestDebt = (long)(LongestDebt.TotalSeconds * time.TimestampFrequency);
        metrics?.ObserveReplay(() => InFlight, _options.ReplayBytesInFlight);
        _total = new Rate(_options.TotalReplay, _options.TotalReplay * burst, time);
    }

    /// <summary>Bytes of one user.</summary>
    public Rate User { get; }

    /// <summary>How many bytes are in memory on their way to connections.</summary>
    public long InFlight => Interlocked.Read(ref _inFlight);

    /// <summary>Whether so much is on its way that no page may be larger than it must.</summary>
    public bool IsTight(long ofUser) => InFlight > _options.ReplayBytesInFlight || ofUser > _options.ReplayBytesInFlightPerUser;

    public long Now() => _time.GetTimestamp();

    /// <summary>A page has been read, or has left.</summary>
    public void Hold(long bytes) => Interlocked.Add(ref _inFlight, bytes);

    /// <summary>Counts what was read in what all users have together.</summary>
    /// <returns>How long to rest, as a difference of timestamps.</returns>
    public long Spend(double bytes, long now)
    {
        lock (_gate)
        {
            return _total.Spend(ref _paid, now, bytes, _longestDebt);
        }
    }

    /// <summary>Counts what was read in what one user may read whatever the others read.</summary>
    /// <inheritdoc cref="Spend"/>
    public long SpendFree(ref long paid, double bytes, long now) => _free.Spend(ref paid, now, bytes, _longestDebt);

    /// <summary>Somebody rests.</summary>
    /// <param name="isTotal">Whether for the sake of all users.</param>
    /// <param name="steps">How long, as a difference of timestamps.</param>
    public TimeSpan Rest(bool isTotal, long steps)
    {
        _metrics?.Delayed(isTotal ? Limit.ReplayTotal : Limit.Replay);
        return _time.GetElapsedTime(0, steps);
    }
}
