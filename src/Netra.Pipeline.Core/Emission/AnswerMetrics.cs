using System.Diagnostics.Metrics;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;

namespace Netra.Pipeline.Emission;

/// <summary>How many runs wait for answers, for how long, and how long answers took.</summary>
internal sealed class AnswerMetrics
{
    // From a second to three days: people answer.
    private static readonly double[] Seconds = [1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 259_200];

    private readonly Histogram<double> _waits;

    public AnswerMetrics(IMeterFactory meters, RunRegistry runs)
    {
        var meter = meters.Create(PipelineMeter.Name);
        meter.CreateObservableUpDownCounter(
            "netra.run.waiting", () => runs.ReadWaiting().Runs, "{run}", "Runs that wait for an answer.");
        meter.CreateObservableUpDownCounter(
            "netra.answer.overdue", () => runs.ReadWaiting().Overdue, "{request}", "Requests whose answer was to come by now.");
        meter.CreateObservableGauge(
            "netra.answer.oldest_wait",
            () => runs.ReadWaiting().Oldest.TotalSeconds,
            "s",
            "How long the open request waits that has waited for longest.");
        _waits = meter.CreateHistogram(
            "netra.answer.wait",
            "s",
            "How long answers took, by what was asked for.",
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds });
    }

    /// <summary>An answer has come.</summary>
    /// <param name="kind">What was asked for.</param>
    /// <param name="waited">How long it took.</param>
    public void OnAnswered(RequestKind kind, TimeSpan waited)
        => _waits.Record(waited.TotalSeconds, new KeyValuePair<string, object?>("netra.request.kind", RequestKinds.WireName(kind)));
}
