using System.Globalization;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// Measures how long something takes that was promised within a time, on a machine that may have other work. While whatever could run
/// waits for a processor, nothing can be held against what is measured: Linux counts that time (pressure stall information), and it is
/// taken off. Where it is not counted nothing is taken off.
/// </summary>
internal sealed class FairStopwatch
{
    private const string Pressure = "/proc/pressure/cpu";

    private readonly long _began;
    private readonly TimeSpan _waitedBefore;

    private FairStopwatch(long began, TimeSpan waitedBefore) => (_began, _waitedBefore) = (began, waitedBefore);

    /// <summary>As a clock on the wall has it.</summary>
    public TimeSpan Elapsed => TimeProvider.System.GetElapsedTime(_began);

    /// <summary>How much of that something waited for a processor.</summary>
    public TimeSpan Waited => Waiting() - _waitedBefore;

    /// <summary>What is left without it.</summary>
    public TimeSpan Fair
    {
        get
        {
            // In this order: what is waited between the two is not taken off twice.
            var waited = Waited;
            return Elapsed - waited;
        }
    }

    public static FairStopwatch Start() => new(TimeProvider.System.GetTimestamp(), Waiting());

    // some avg10=0.00 avg60=0.00 avg300=0.00 total=33308149246
    private static TimeSpan Waiting()
    {
        if (!File.Exists(Pressure))
        {
            return TimeSpan.Zero;
        }

        var line = File.ReadLines(Pressure).First();
        return TimeSpan.FromMicroseconds(long.Parse(line[(line.LastIndexOf('=') + 1)..], CultureInfo.InvariantCulture));
    }
}
