using System.Diagnostics;
using System.Diagnostics.Metrics;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Connections;

/// <summary>The instruments of connections. Names and units follow the OpenTelemetry conventions; tags are bounded.</summary>
internal sealed class PipelineMetrics
{
    // From the shortest visit to a tab that is left open for days.
    private static readonly double[] ConnectionSeconds = [0.1, 1, 10, 60, 300, 900, 3600, 4 * 3600, 24 * 3600, 7 * 24 * 3600];
    private static readonly double[] ReplaySeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private readonly UpDownCounter<long> _active;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _rejections;
    private readonly Counter<long> _isolationViolations;
    private readonly Histogram<double> _durations;
    private readonly Histogram<double> _replays;

    public PipelineMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(PipelineMeter.Name);
        _active = meter.CreateUpDownCounter<long>(
            "netra.connection.active", "{connection}", "Open connections, by what carries them (netra.transport).");
        _ended = meter.CreateCounter<long>(
            "netra.connections.ended", "{connection}", "Connections that ended, by reason and by what carried them (netra.transport).");
        _rejections = meter.CreateCounter<long>("netra.connection.rejections", "{connection}", "Handshakes that were refused, by status.");
        _isolationViolations = meter.CreateCounter<long>(
            "netra.isolation_violations", "{event}", "Events stopped on their way to another user; the target is 0.");
        _durations = meter.CreateHistogram(
            "netra.connection.duration",
            "s",
            "How long connections lived, by how they ended.",
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = ConnectionSeconds });
        _replays = meter.CreateHistogram(
            "netra.replay.duration",
            "s",
            "How long it took to read what a connection had missed, by whether all of it was there (netra.outcome).",
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = ReplaySeconds });
    }

    /// <param name="transport">Its transport.</param>
    public void ConnectionOpened(string transport) => _active.Add(1, Transport(transport));

    /// <param name="reason">Why it ended.</param>
    /// <param name="transport">Its transport.</param>
    /// <param name="duration">How long it lived.</param>
    public void ConnectionEnded(ConnectionEndReasonInfo reason, string transport, TimeSpan duration)
    {
        var why = new KeyValuePair<string, object?>("netra.connection.end_reason", reason.WireName);
        _active.Add(-1, Transport(transport));
        _ended.Add(1, why, Transport(transport));
        var tags = new TagList { why, Transport(transport) };
        if (reason.IsError)
        {
            tags.Add("error.type", reason.WireName);
        }

        _durations.Record(duration.TotalSeconds, tags);
    }

    /// <param name="duration">From the first page to the last.</param>
    /// <param name="isComplete">Whether all that was missed was there.</param>
    public void Replayed(TimeSpan duration, bool isComplete)
        => _replays.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("netra.outcome", isComplete ? "complete" : "gap"));

    public void HandshakeRefused(int status) => _rejections.Add(1, new KeyValuePair<string, object?>("http.response.status_code", status));

    public void IsolationViolated() => _isolationViolations.Add(1);

    private static KeyValuePair<string, object?> Transport(string name) => new("netra.transport", name);
}
