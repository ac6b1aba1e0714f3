using System.Globalization;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server.Telemetry;

/// <summary>One span, metric or log record as a receiver has decoded it.</summary>
/// <param name="Resource">Whose it is.</param>
/// <param name="Scope">The source, meter or category.</param>
/// <param name="Item">The item itself.</param>
internal sealed record OtlpItem(JsonElement Resource, string Scope, JsonElement Item)
{
    public string? Name => Item.Text("name");

    public Dictionary<string, string?> Attributes => AttributesOf(Item);

    public Dictionary<string, string?> ResourceAttributes => AttributesOf(Resource);

    /// <summary>The points of a metric, whatever it is.</summary>
    public IEnumerable<JsonElement> Points
    {
        get
        {
            foreach (var kind in new[] { "sum", "gauge", "histogram" })
            {
                if (Item.TryGetProperty(kind, out var data))
                {
                    return data.GetProperty("dataPoints").EnumerateArray();
                }
            }

            return [];
        }
    }

    /// <summary>Attributes as text; of a name that is there twice the last.</summary>
    public static Dictionary<string, string?> AttributesOf(JsonElement holder)
    {
        var found = new Dictionary<string, string?>(StringComparer.Ordinal);
        if (holder.TryGetProperty("attributes", out var attributes))
        {
            foreach (var attribute in attributes.EnumerateArray())
            {
                found[attribute.GetProperty("key").GetString()!] = attribute.TryGetProperty("value", out var value)
                    ? value.EnumerateObject().Select(static v => Convert.ToString(v.Value, CultureInfo.InvariantCulture)).FirstOrDefault()
                    : null;
            }
        }

        return found;
    }
}
