using HdrHistogram;

namespace Netra.Pipeline.Load.Measuring;

/// <summary>
/// Times in a histogram of three digits, from one microsecond to an hour: every one counts, none is averaged. Records from any thread;
/// reads one at a time.
/// </summary>
internal sealed class LatencyRecorder
{
    private const long Highest = 3_600_000_000;
    private const int Digits = 3;

    private readonly Recorder _recorder = HistogramFactory.With64BitBucketSize()
        .WithValuesFrom(1).WithValuesUpTo(Highest).WithPrecisionOf(Digits).WithThreadSafeWrites().WithThreadSafeReads().Create();

    private readonly LongHistogram _total = new(1, Highest, Digits);
    private readonly LongHistogram _period = new(1, Highest, Digits);
    private HistogramBase? _interval;

    /// <summary>Records a time.</summary>
    /// <param name="nanoseconds">How long it took; less than a microsecond counts as one.</param>
    public void Record(long nanoseconds) => _recorder.RecordValue(Math.Clamp(nanoseconds / 1_000, 1, Highest));

    /// <summary>What was recorded since the last look, and adds it to the whole.</summary>
    public LatencySummary TakeInterval()
    {
        _interval = _recorder.GetIntervalHistogram(_interval);
        _total.Add(_interval);
        _period.Add(_interval);
        return LatencySummary.Of(_interval);
    }

    /// <summary>What was recorded since this was last asked, over any number of intervals.</summary>
    public LatencySummary TakePeriod()
    {
        TakeInterval();
        var period = LatencySummary.Of(_period);
        _period.Reset();
        return period;
    }

    /// <summary>Everything that was recorded.</summary>
    public LatencySummary TakeTotal()
    {
        TakeInterval();
        return LatencySummary.Of(_total);
    }
}
