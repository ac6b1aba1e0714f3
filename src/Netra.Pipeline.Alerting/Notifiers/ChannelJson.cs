using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>Writes the JSON of messages to channels. Stateless.</summary>
internal static class ChannelJson
{
    /// <summary>Encodes a body.</summary>
    public static byte[] Encode(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Writes a number. Infinities and NaN, which JSON has no numbers for, are written as text.</summary>
    public static void WriteValue(Utf8JsonWriter json, string name, double? value)
    {
        switch (value)
        {
            case null:
                json.WriteNull(name);
                break;
            case { } number when double.IsFinite(number):
                json.WriteNumber(name, number);
                break;
            default:
                json.WriteString(name, value.Value.ToString(CultureInfo.InvariantCulture));
                break;
        }
    }

    /// <summary>Writes labels as an object.</summary>
    public static void WriteLabels(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, string> labels)
    {
        json.WriteStartObject(name);
        foreach (var (label, value) in labels)
        {
            json.WriteString(label, value);
        }

        json.WriteEndObject();
    }
}
