using System.Globalization;
using System.Reflection;
using System.Text;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Netra.Pipeline.Benchmarks.Infrastructure;

/// <summary>The report's first table: one row for each step of the hot path, ours beside the bare primitive.</summary>
internal static class HotPathTable
{
    public static void Append(StringBuilder text, IReadOnlyList<Summary> summaries)
    {
        var rows = summaries
            .SelectMany(static summary => summary.BenchmarksCases.SelectMany(measured => RowsOf(summary, measured)))
            .OrderBy(static row => row.Step.Order)
            .ThenBy(static row => row.Parameters, StringComparer.Ordinal)
            .ToList();
        if (rows.Count == 0)
        {
            return;
        }

        text.Append(
            """

            ## The hot path, step by step

            Per event: an `ack` is for 64 events, as pages acknowledge by default, and counts a 64th. Times are means; *best ratio* compares
            the fastest iterations, and is the steadier one on a busy machine. Steps overlap, so they do not add up: the array that an event
            is encoded into is counted both where it is encoded and where it is numbered, and the log commits while connections are written.

            | step | ours | bare primitive | ours, ns | bare, ns | ratio | best ratio | ours, B allocated | bare, B allocated |
            |---|---|---|---:|---:|---:|---:|---:|---:|

            """);
        foreach (var row in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {row.Step.Step} | {row.Step.Ours}{row.Parameters} | {row.Step.Bare} ")
                .Append(CultureInfo.InvariantCulture, $"| {Number(row.Ours?.Mean)} | {Number(row.Bare?.Mean)} ")
                .Append(CultureInfo.InvariantCulture, $"| {Number(row.Ours?.Mean / row.Bare?.Mean)} ")
                .Append(CultureInfo.InvariantCulture, $"| {Number(row.Ours?.Best / row.Bare?.Best)} ")
                .Append(CultureInfo.InvariantCulture, $"| {Number(row.Ours?.Bytes)} | {Number(row.Bare?.Bytes)} |\n");
        }
    }

    private static IEnumerable<HotPathRow> RowsOf(Summary summary, BenchmarkCase measured)
    {
        foreach (var step in measured.Descriptor.WorkloadMethod.GetCustomAttributes<HotPathStepAttribute>())
        {
            var bare = step.BareMethod is null
                ? summary.GetBaseline(summary.GetLogicalGroupKey(measured))
                : summary.BenchmarksCases.FirstOrDefault(other => other.Descriptor.WorkloadMethod.Name == step.BareMethod
                    && other.Parameters.ValueInfo == measured.Parameters.ValueInfo);
            var parameters = string.Concat(measured.Parameters.Items.Select(static item => $", {item.Name} = {item.Value}"));
            yield return new HotPathRow(
                step, parameters, FigureOf(summary, measured, step.Events), bare is null ? null : FigureOf(summary, bare, step.Events));
        }
    }

    private static HotPathFigure? FigureOf(Summary summary, BenchmarkCase measured, int events)
    {
        if (summary[measured] is not { ResultStatistics: { } time } report)
        {
            return null;
        }

        var bytes = report.GcStats.GetBytesAllocatedPerOperation(measured);
        return new HotPathFigure(time.Mean / events, time.Min / events, bytes / (double)events);
    }

    private static string Number(double? value) => value switch
    {
        null => "?",
        >= 100 => value.Value.ToString("N0", CultureInfo.InvariantCulture),
        >= 10 => value.Value.ToString("F1", CultureInfo.InvariantCulture),
        0 => "0",
        _ => value.Value.ToString("F2", CultureInfo.InvariantCulture),
    };

    private sealed record HotPathRow(HotPathStepAttribute Step, string Parameters, HotPathFigure? Ours, HotPathFigure? Bare);

    private sealed record HotPathFigure(double Mean, double Best, double? Bytes);
}
