using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Mathematics;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Netra.Pipeline.Benchmarks.Infrastructure;

/// <summary>
/// The fastest iteration against the baseline's fastest. Whatever else a machine does only ever adds time, so that on a busy one this
/// is steadier than the ratio of means.
/// </summary>
internal sealed class BestRatioColumn : IColumn
{
    public string Id => nameof(BestRatioColumn);

    public string ColumnName => "Best ratio";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Baseline;

    public int PriorityInCategory => 1;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => "Fastest iteration / fastest iteration of the baseline";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
        => summary.GetBaseline(summary.GetLogicalGroupKey(benchmarkCase)) is { } baseline
            && Best(summary, benchmarkCase) is { } own
            && Best(summary, baseline) is { } theirs
            ? (own / theirs).ToString("0.00")
            : "?";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public bool IsAvailable(Summary summary) => true;

    private static double? Best(Summary summary, BenchmarkCase benchmarkCase)
        => summary[benchmarkCase]?.ResultStatistics is Statistics { N: > 0 } statistics ? statistics.Min : null;
}
