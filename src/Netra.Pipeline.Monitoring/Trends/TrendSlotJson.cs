using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Netra.Pipeline.Monitoring.Trends;

/// <summary>
/// How a stretch is stored: measures by name, and the buckets of latencies that are not empty. What an older version did not measure is 0,
/// and what a newer one measured besides is left out. Pure functions.
/// </summary>
internal static class TrendSlotJson
{
    public static string Write(TrendSlot slot)
    {
        var text = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteNumber("at"u8, slot.BeginsAt);
            json.WriteNumber("seconds"u8, slot.Seconds);
            WriteValues(json, "sums", TrendMeasures.All, slot.SumOf);
            WriteValues(json, "worsts", TrendMeasures.All.Where(TrendMeasures.IsGauge), slot.WorstOf);
            json.WriteNumber("latency_us"u8, slot.Latencies.Microseconds);
            json.WriteStartArray("latencies"u8);
            foreach (var (bucket, count) in slot.Latencies.Filled())
            {
                json.WriteNumberValue(bucket);
                json.WriteNumberValue(count);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    /// <summary>Reads a stretch.</summary>
    /// <exception cref="JsonException">It is not of this form.</exception>
    public static TrendSlot Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var json = document.RootElement;
            var slot = new TrendSlot(json.GetProperty("at").GetInt64());
            slot.Restore(json.GetProperty("seconds").GetInt64(), ReadValues(json, "sums"), ReadValues(json, "worsts"));
            long[] latencies = [.. json.GetProperty("latencies").EnumerateArray().Select(static number => number.GetInt64())];
            slot.Latencies.Restore(
                latencies.Chunk(2).Select(static pair => ((int)pair[0], pair[1])), json.GetProperty("latency_us").GetInt64());
            return slot;
        }
        catch (Exception exception) when (exception is InvalidOperationException or KeyNotFoundException or FormatException
            or IndexOutOfRangeException)
        {
            throw new JsonException($"a stretch of trends is not of its form: {exception.Message}", exception);
        }
    }

    private static void WriteValues(
        Utf8JsonWriter json, string name, IEnumerable<TrendMeasure> measures, Func<TrendMeasure, double> valueOf)
    {
        json.WriteStartObject(name);
        foreach (var measure in measures)
        {
            json.WriteNumber(TrendMeasures.NameOf(measure), valueOf(measure));
        }

        json.WriteEndObject();
    }

    private static Dictionary<TrendMeasure, double> ReadValues(JsonElement json, string name)
    {
        var (values, stored) = (new Dictionary<TrendMeasure, double>(), json.GetProperty(name));
        foreach (var measure in TrendMeasures.All)
        {
            if (stored.TryGetProperty(TrendMeasures.NameOf(measure), out var value))
            {
                values[measure] = value.GetDouble();
            }
        }

        return values;
    }
}
