using System.Text.Json;
using System.Text.Json.Serialization;

namespace Netra.Pipeline.Monitoring.Trends;

/// <summary>
/// A stretch of a trend as it is shown (docs/protocol.md, section 11.4): counts as sums, gauges as mean and worst, latencies of delivery as
/// percentiles and as a column of a heat map. Immutable.
/// </summary>
[JsonConverter(typeof(TrendPointConverter))]
internal sealed class TrendPoint
{
    private const int LowestPower = 8;
    private const int HighestPower = 24;

    // The mean of a gauge, or the sum of a count; and the worst of a gauge.
    private readonly (double Value, double Worst)[] _values;

    private TrendPoint(TrendSlot slot)
    {
        (At, Seconds) = (slot.BeginsAt, slot.Seconds);
        _values =
        [
            .. TrendMeasures.All.Select(measure => TrendMeasures.IsGauge(measure)
                ? (slot.MeanOf(measure), slot.WorstOf(measure))
                : (slot.SumOf(measure), 0))
        ];
        var latencies = slot.Latencies;
        Latencies = new LatencyPoint(
            latencies.Mean.TotalSeconds,
            latencies.Percentile(0.5).TotalSeconds,
            latencies.Percentile(0.95).TotalSeconds,
            latencies.Percentile(0.99).TotalSeconds);
        LatencyCounts = new long[HighestPower - LowestPower + 2];
        foreach (var (bucket, count) in latencies.Filled())
        {
            var power = Metrics.LatencyHistogram.PowerOf(bucket);
            LatencyCounts[Math.Clamp(power - LowestPower + 1, 0, LatencyCounts.Length - 1)] += count;
        }
    }

    /// <summary>
    /// Where the rows of heat maps part, in seconds: the first is below all of them, the last above. Powers of two of a microsecond, so
    /// that no bucket of the histograms lies on both sides.
    /// </summary>
    public static IReadOnlyList<double> LatencyEdges { get; } =
        [.. Enumerable.Range(LowestPower, HighestPower - LowestPower + 1).Select(static power => Math.ScaleB(1e-6, power))];

    public long At { get; }

    public long Seconds { get; }

    public LatencyPoint Latencies { get; }

    /// <summary>How many deliveries fell into each row.</summary>
    public long[] LatencyCounts { get; }

    /// <summary>The sum of a count, or the mean of a gauge.</summary>
    public double this[TrendMeasure measure] => _values[(int)measure].Value;

    public static TrendPoint Of(TrendSlot slot) => new(slot);

    /// <summary>Writes it.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("at"u8, At);
        json.WriteNumber("seconds"u8, Seconds);
        foreach (var measure in TrendMeasures.All)
        {
            var (value, worst) = _values[(int)measure];
            json.WriteNumber(TrendMeasures.NameOf(measure), Math.Round(value, 6));
            if (TrendMeasures.IsGauge(measure))
            {
                json.WriteNumber(TrendMeasures.WorstNameOf(measure), Math.Round(worst, 6));
            }
        }

        json.WriteNumber("latency_average_s"u8, Latencies.Average);
        json.WriteNumber("latency_p50_s"u8, Latencies.P50);
        json.WriteNumber("latency_p95_s"u8, Latencies.P95);
        json.WriteNumber("latency_p99_s"u8, Latencies.P99);
        json.WriteStartArray("latency_counts"u8);
        foreach (var count in LatencyCounts)
        {
            json.WriteNumberValue(count);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}

/// <summary>Latencies of delivery in seconds; 0 without any.</summary>
internal readonly record struct LatencyPoint(double Average, double P50, double P95, double P99);

/// <summary>Points are written only.</summary>
internal sealed class TrendPointConverter : JsonConverter<TrendPoint>
{
    public override TrendPoint Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => throw new NotSupportedException("Points are written only.");

    public override void Write(Utf8JsonWriter writer, TrendPoint value, JsonSerializerOptions options) => value.WriteTo(writer);
}
