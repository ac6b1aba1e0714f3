using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Metrics;

/// <summary>The table of metrics in docs/operations.md.</summary>
internal static class MetricsTable
{
    /// <summary>Its rows, in order.</summary>
    public static List<MetricRow> Read()
    {
        var lines = File.ReadAllLines(Repository.PathOf("docs/operations.md"));
        var start = Array.FindIndex(lines, static line => line.StartsWith("| name | type |", StringComparison.Ordinal));
        Assert.That(start, Is.GreaterThan(0), "the table is there");
        return [.. lines.Skip(start + 2).TakeWhile(static line => line.StartsWith('|')).Select(Parse)];
    }

    /// <summary>The names under which Prometheus' OTLP receiver keeps a metric.</summary>
    public static IEnumerable<string> PrometheusNames(MetricRow row)
    {
        var name = row.Name.Replace('.', '_') + row.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => string.Empty };
        return row.Type switch
        {
            "counter" => [name + "_total"],
            "histogram" => [name + "_bucket", name + "_sum", name + "_count"],
            _ => [name],
        };
    }

    private static MetricRow Parse(string line)
    {
        var cells = line.Split('|', StringSplitOptions.TrimEntries)[1..^1];
        Assert.That(cells, Has.Length.EqualTo(6), line);
        return new MetricRow(
            cells[0].Trim('`'),
            cells[1],
            cells[2].Trim('`'),
            cells[3] == "–" ? [] : [.. cells[3].Split(", ").Select(static attribute => attribute.Trim('`'))]);
    }
}
