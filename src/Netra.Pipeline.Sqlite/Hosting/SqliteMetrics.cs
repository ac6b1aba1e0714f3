using System.Diagnostics.Metrics;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Sqlite.Hosting;

/// <summary>The instruments of the SQLite log. Made at start; safe from any thread.</summary>
internal sealed class SqliteMetrics(IMeterFactory meters, FailureReporter failures)
{
    // From 1 ms, which a disk with a cache needs, to 10 s, at which nothing is right any more.
    private static readonly double[] CommitSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private bool _hasFailed;

    /// <summary>Measures a log from here on; before it is opened.</summary>
    public void Measure(SqliteEventLog log)
    {
        var meter = meters.Create(PipelineMeter.Name);
        var commits = meter.CreateHistogram(
            "netra.log.commit.duration",
            "s",
            "How long the log's transactions took.",
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = CommitSeconds });
        log.OnCommit = duration => Record(commits, duration);
        meter.CreateObservableUpDownCounter(
            "netra.log.queue.usage", () => log.WaitingEvents, "{event}", "Events that wait to be committed.");
        meter.CreateObservableUpDownCounter("netra.log.queue.limit", () => log.MaxWaitingEvents, "{event}", "How many may wait.");
        meter.CreateObservableUpDownCounter("netra.log.size", () => log.KeptBytes, "By", "What the log keeps, and what waits.");
        meter.CreateObservableUpDownCounter("netra.log.limit", () => log.MaxBytes, "By", "What it may keep; above it nothing is taken.");
    }

    // A collector is foreign code, and must not end the thread that stores events.
    private void Record(Histogram<double> commits, TimeSpan duration)
    {
        try
        {
            commits.Record(duration.TotalSeconds);
        }
        catch (Exception exception) when (!_hasFailed)
        {
            _hasFailed = true;
            failures.Report(new Failure(
                FailureCode.BackgroundFailed,
                "metrics",
                $"A collector of netra.log.commit.duration failed; this is said once: {exception.Message}")
            {
                Exception = exception,
            });
        }
        catch (Exception) when (_hasFailed)
        {
            // Said before: it fails with every commit.
        }
    }
}
