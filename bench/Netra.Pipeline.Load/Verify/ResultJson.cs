using System.Text.Json;

namespace Netra.Pipeline.Load.Verify;

/// <summary>Prints the results for programs: one JSON object.</summary>
internal static class ResultJson
{
    public static void Print(Uri url, IReadOnlyList<CheckResult> results)
    {
        using var output = Console.OpenStandardOutput();
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("url", url.ToString());
        json.WriteNumber("passed", results.Count(static result => result.HasPassed));
        json.WriteNumber("total", results.Count);
        json.WriteStartArray("checks");
        foreach (var result in results)
        {
            json.WriteStartObject();
            json.WriteString("name", result.Name);
            json.WriteBoolean("passed", result.HasPassed);
            json.WriteString("detail", result.Detail);
            json.WriteNumber("seconds", result.Took.TotalSeconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
