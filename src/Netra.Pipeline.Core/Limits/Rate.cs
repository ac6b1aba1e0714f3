namespace Netra.Pipeline.Limits;

/// <summary>
/// So many units a second, which may be saved up for a while (the generic cell rate algorithm): all that is kept of a peer is the
/// timestamp at which it will have paid for what it took. Not safe by itself: whoever keeps the timestamp guards it.
/// </summary>
/// <param name="perSecond">How many units a second.</param>
/// <param name="burst">How many may be taken at once after a rest; at least one.</param>
/// <param name="time">The clock of the timestamps.</param>
internal readonly struct Rate(double perSecond, double burst, TimeProvider time)
{
    private readonly double _stepsPerUnit = time.TimestampFrequency / perSecond;
    private readonly double _burstSteps = time.TimestampFrequency / perSecond * Math.Max(1, burst);

    /// <summary>Takes what can be had.</summary>
    /// <param name="paid">The peer's timestamp; 0 before the first time.</param>
    /// <param name="now">Now.</param>
    /// <param name="wanted">How many units are wanted.</param>
    /// <returns>How many were taken.</returns>
    public int TakeUpTo(ref long paid, long now, int wanted)
    {
        paid = Math.Max(paid, now);
        var taken = (int)Math.Clamp(Math.Floor((_burstSteps - (paid - now)) / _stepsPerUnit), 0, Math.Max(0, wanted));
        paid += (long)(taken * _stepsPerUnit);
        return taken;
    }

    /// <summary>Takes all or nothing. What costs more than the burst is to be had after a rest.</summary>
    /// <param name="paid">The peer's timestamp; 0 before the first time.</param>
    /// <param name="now">Now.</param>
    /// <param name="units">How many units.</param>
    /// <param name="wait">How long until they can be had, as a difference of timestamps; 0 when they were taken.</param>
    public bool TryTake(ref long paid, long now, double units, out long wait)
    {
        var due = Math.Max(paid, now) + (long)(units * _stepsPerUnit);
        wait = (long)(due - now - Math.Max(_burstSteps, units * _stepsPerUnit));
        if (wait > 0)
        {
            return false;
        }

        (paid, wait) = (due, 0);
        return true;
    }

    /// <summary>Takes units that have been used already: what is taken above the burst is paid for later.</summary>
    /// <returns>How long to rest until the debt is paid, as a difference of timestamps; 0 when there is none.</returns>
    public long Spend(ref long paid, long now, double units)
    {
        paid = Math.Max(paid, now) + (long)(units * _stepsPerUnit);
        return Math.Max(0, (long)(paid - now - _burstSteps));
    }

    /// <summary>Takes units that have been used already, and that were to be had in any case: only so much is paid for later.</summary>
    /// <param name="paid">The peer's timestamp; 0 before the first time.</param>
    /// <param name="now">Now.</param>
    /// <param name="units">How many units.</param>
    /// <param name="most">How long the debt may be, as a difference of timestamps; what is above it is let off.</param>
    /// <returns>How long to rest until the debt is paid, as a difference of timestamps; 0 when there is none.</returns>
    public long Spend(ref long paid, long now, double units, long most)
    {
        var owed = Spend(ref paid, now, units);
        paid -= Math.Max(0, owed - most);
        return Math.Min(owed, most);
    }
}
