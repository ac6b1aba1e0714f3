using Netra.Pipeline.Load.Reports;
using static Netra.Pipeline.Load.Reports.MarkdownText;

namespace Netra.Pipeline.Load.Scale;

/// <summary>How cost grows, as Markdown.</summary>
internal static class ScaleReport
{
    /// <summary>Makes it.</summary>
    /// <param name="command">What makes it again.</param>
    /// <param name="steps">From few to many connections.</param>
    /// <param name="soak">The same load for a long time; null when it was left out.</param>
    /// <param name="users">Very many users; null when it was left out.</param>
    public static string Make(string command, IReadOnlyList<ScaleStep> steps, LoadResult? soak, LoadResult? users)
    {
        var text = new MarkdownText();
        text.Line("# Scale");
        text.Line();
        text.Line("How cost grows with connections, with time and with users. The server is the library with its default options");
        text.Line("(`bench/peers/run netra`). Made again with");
        text.Line();
        text.Line($"    {command}");
        text.Line();
        MeasuredOn.AddTo(text);
        if (steps.Count > 0)
        {
            AddSteps(text, steps);
        }

        if (soak is not null)
        {
            text.Line();
            text.Line("## The same load for a long time");
            text.Line();
            AddRows(text, soak);
            AddSeries(text, soak);
        }

        if (users is not null)
        {
            text.Line();
            text.Line("## Users who come once");
            text.Line();
            text.Line("A stream is opened for each, written once, closed and evicted; some of them are read back.");
            text.Line();
            AddRows(text, users);
            text.Line();
            text.Line($"Server CPU per user: {Number(users.ServerCpuMicroseconds / users.Published)} µs; "
                + $"{Number(users.Published / users.Publishing.TotalSeconds)} users a second.");
        }

        return text.ToString();
    }

    private static void AddSteps(MarkdownText text, IReadOnlyList<ScaleStep> steps)
    {
        text.Line();
        text.Line("## From few to many connections");
        text.Line();
        text.Line("Paced: the same number of events a second over all connections together; what connecting takes is taken off their CPU.");
        text.Line($"Idle: {Number(steps[0].HeldSeconds)} s of pings.");
        text.Line();
        text.Head(
            "connections", "KiB per idle connection", "connecting, s", "connects/s",
            "connecting CPU, µs per connection", "idle CPU, µs per connection and minute", "paced CPU, µs per event",
            "p50 ms", "p99 ms", "p99 from due, ms", "KiB per busy connection", "harness, µs per event");
        foreach (var step in steps)
        {
            var (idle, paced) = (step.Idle, step.Paced);
            text.Row(
                Number(step.Connections),
                Number(idle.KibibytesPerConnection, 1),
                Number(idle.Result.Connecting.TotalSeconds, 2),
                Number(idle.ConnectsPerSecond),
                Number(idle.CpuPerConnect),
                Number(step.IdleCpuPerMinute),
                Number(step.CpuPerEvent, 1),
                Number(paced.Result.Latency.P50, 1),
                Number(paced.Result.Latency.P99, 1),
                Number(paced.Result.Lateness.P99, 1),
                Number(paced.KibibytesPerConnection, 1),
                Number(paced.ClientPerEvent, 1));
        }
    }

    private static void AddRows(MarkdownText text, LoadResult result)
    {
        text.Row(string.Empty, string.Empty);
        text.Row("---", "---");
        foreach (var (name, value) in LoadReport.Rows(result))
        {
            text.Row(name, value);
        }
    }

    private static void AddSeries(MarkdownText text, LoadResult result)
    {
        text.Line();
        text.Head("s", "delivered", "p50 ms", "p99 ms", "max ms", "server MB", "server CPU, µs per event");
        SeriesLine? before = null;
        foreach (var line in result.Series)
        {
            var snapshot = line.Snapshot;
            text.Row(
                Number(snapshot.Elapsed.TotalSeconds),
                Number(snapshot.Received),
                Number(line.Latency.P50, 1),
                Number(line.Latency.P99, 1),
                Number(line.Latency.Max, 1),
                Megabytes(snapshot.ResidentBytes),
                Number(
                    (line.ServerCpuMicroseconds - before?.ServerCpuMicroseconds) / (snapshot.Received - before?.Snapshot.Received), 1));
            before = line;
        }
    }
}
