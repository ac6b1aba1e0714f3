using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Netra.Pipeline.LogFigures;

/// <summary>Takes what was collected and sends it nowhere.</summary>
internal sealed class NoMetricExport : BaseExporter<Metric>
{
    public override ExportResult Export(in Batch<Metric> batch) => ExportResult.Success;
}
