using System.Collections.Concurrent;
using System.Diagnostics;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Tests.Emission;

/// <summary>Keeps the spans of one test's runs: the source is the process's, and other tests run beside it. Safe from any thread.</summary>
internal sealed class SpanRecorder : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;
    private readonly Func<Activity, bool> _isWanted;

    /// <param name="isWanted">Whose spans they are.</param>
    public SpanRecorder(Func<Activity, bool> isWanted)
    {
        _isWanted = isWanted;
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == PipelineActivitySource.Name,
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>What has ended, in that order.</summary>
    public IReadOnlyList<Activity> Spans => [.. _ended.Where(_isWanted)];

    public Activity Single(string name) => Spans.Single(span => span.DisplayName == name);

    public void Dispose() => _listener.Dispose();
}
