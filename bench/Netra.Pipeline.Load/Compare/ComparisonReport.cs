using System.Globalization;
using Netra.Pipeline.Load.Reports;

namespace Netra.Pipeline.Load.Compare;

/// <summary>A comparison as Markdown: medians, ranges and ratios, with the machine, the commit and the versions.</summary>
/// <param name="comparison">What was measured.</param>
/// <param name="title">The report's title.</param>
/// <param name="command">What makes it again.</param>
/// <param name="reference">The server that ratios are to.</param>
internal sealed class ComparisonReport(Comparison comparison, string title, string command, Peer reference)
{
    private readonly MarkdownText _text = new();

    /// <summary>Makes it.</summary>
    public string Make()
    {
        _text.Line($"# {title}");
        _text.Line();
        _text.Line("Judge the ratios: absolute times belong to the machine. Each figure is the median of the rounds; ratios are");
        _text.Line($"medians of the ratios within a round, to {reference.Name}. Made again with");
        _text.Line();
        _text.Line($"    {command}");
        _text.Line();
        _text.Line(Format($"- {comparison.Rounds} rounds, the servers in turn"));
        MeasuredOn.AddTo(_text);
        foreach (var workload in comparison.Workloads)
        {
            _text.Line();
            _text.Line(Format($"## {workload.Name}: {workload.Description}"));
            _text.Line();
            if (workload.Events > 0)
            {
                Delivering(workload);
            }
            else
            {
                Holding(workload);
            }
        }

        _text.Line();
        _text.Line(comparison.IsRight
            ? "Every server gave every page all of its events, in order."
            : "NOT every server gave every page all of its events in order; see the output of the run.");
        return _text.ToString();
    }

    private void Delivering(Workload workload)
    {
        _text.Head(
            "server", "CPU, µs per event", "least to most", "ratio", "events/s", "ratio", "p50 ms", "p99 ms", "p99.9 ms",
            "p99 from due, ms", "bytes per event", "MB after", "MB at most", "KiB per busy connection", "harness, µs per event");
        foreach (var peer in comparison.Peers)
        {
            var (min, max) = comparison.Range(peer, workload, static one => one.CpuPerEvent);
            string Of(Func<Measurement, double> figure, string form)
                => comparison.Of(peer, workload, figure).ToString(form, CultureInfo.InvariantCulture);
            _text.Row(
                peer.Name,
                Of(static one => one.CpuPerEvent, "F2"),
                Format($"{min:F2} to {max:F2}"),
                Ratio(peer, workload, static one => one.CpuPerEvent),
                Of(static one => one.Result.ReceivedPerSecond, "N0"),
                Ratio(peer, workload, static one => one.Result.ReceivedPerSecond),
                Of(static one => one.Result.Latency.P50, "F1"),
                Of(static one => one.Result.Latency.P99, "F1"),
                Of(static one => one.Result.Latency.P999, "F1"),
                workload.IntervalMs > 0 ? Of(static one => one.Result.Lateness.P99, "F1") : "–",
                Of(static one => one.BytesPerEvent, "F0"),
                Of(static one => Megabytes(one.Result.ResidentAfter), "F0"),
                Of(static one => Megabytes(one.Result.ResidentPeak), "F0"),
                Of(static one => one.KibibytesPerConnection, "F1"),
                Of(static one => one.ClientPerEvent, "F2"));
        }
    }

    private void Holding(Workload workload)
    {
        _text.Head(
            "server", "KiB per idle connection", "least to most", "ratio", "MB", "connecting, s", "ratio", "connects/s",
            "connecting CPU, µs per connection");
        foreach (var peer in comparison.Peers)
        {
            var (min, max) = comparison.Range(peer, workload, static one => one.KibibytesPerConnection);
            string Of(Func<Measurement, double> figure, string form)
                => comparison.Of(peer, workload, figure).ToString(form, CultureInfo.InvariantCulture);
            _text.Row(
                peer.Name,
                Of(static one => one.KibibytesPerConnection, "F1"),
                Format($"{min:F1} to {max:F1}"),
                Ratio(peer, workload, static one => one.KibibytesPerConnection),
                Of(static one => Megabytes(one.Result.ResidentAfter), "F0"),
                Of(static one => one.Result.Connecting.TotalSeconds, "F2"),
                Ratio(peer, workload, static one => one.Result.Connecting.TotalSeconds),
                Of(static one => one.ConnectsPerSecond, "N0"),
                Of(static one => one.CpuPerConnect, "F0"));
        }
    }

    private string Ratio(Peer peer, Workload workload, Func<Measurement, double> figure)
        => comparison.Ratio(peer, reference, workload, figure).ToString("F2", CultureInfo.InvariantCulture);

    private static double Megabytes(double? bytes) => (bytes ?? 0) / 1e6;

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
