using System.Collections.Concurrent;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// Watches the background loops for a round that does not return: it throws nothing, so nothing else would report that its loop is dead.
/// Safe from any thread; more than one loop checks, so that each watches the others.
/// </summary>
internal sealed class BackgroundWatch(FailureReporter failures, ServedTime time)
{
    private readonly ConcurrentDictionary<string, BackgroundRound> _loops = new(StringComparer.Ordinal);

    public IEnumerable<BackgroundRound> Loops => _loops.Select(static entry => entry.Value);

    /// <summary>Watches one more loop.</summary>
    /// <param name="loop">Its name.</param>
    /// <param name="patience">How long one of its rounds may take.</param>
    /// <param name="waitsForLog">Whether its rounds wait for the log: while the log stores nothing they are not late.</param>
    public BackgroundRound Add(string loop, TimeSpan patience, bool waitsForLog = false)
        => _loops[loop] = new BackgroundRound(loop, patience, waitsForLog, time);

    /// <summary>Reports each round that has become late, once.</summary>
    /// <param name="isLogInTrouble">Whether the log stores nothing at the moment.</param>
    public void OnTick(bool isLogInTrouble = false)
    {
        foreach (var round in Loops)
        {
            if (round.BecomesLate(isLogInTrouble))
            {
                Report(round.Loop, $"a round has not come back for {round.Patience.TotalSeconds:F0} s", exception: null);
            }
        }
    }

    /// <summary>Reports that something is wrong with a loop.</summary>
    /// <param name="loop">Its name.</param>
    /// <param name="what">What is wrong.</param>
    /// <param name="exception">What was thrown, if anything was.</param>
    public void Report(string loop, string what, Exception? exception)
        => failures.Report(new Failure(
            FailureCode.BackgroundFailed,
            loop,
            $"Background loop '{loop}': {what}{(exception is null ? string.Empty : $": {exception.Message}")}")
        {
            Exception = exception,
        });
}
