using System.Text.Json;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>Writes latencies: how many, their mean and percentiles, in seconds.</summary>
internal static class LatencyJson
{
    public static void Write(Utf8JsonWriter json, string name, LatencyHistogram? latencies)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count"u8, latencies?.Count ?? 0);
        if (latencies is { Count: > 0 })
        {
            json.WriteNumber("average_s"u8, latencies.Mean.TotalSeconds);
            json.WriteNumber("p50_s"u8, latencies.Percentile(0.5).TotalSeconds);
            json.WriteNumber("p95_s"u8, latencies.Percentile(0.95).TotalSeconds);
            json.WriteNumber("p99_s"u8, latencies.Percentile(0.99).TotalSeconds);
        }

        json.WriteEndObject();
    }
}
