using System.Text;
using System.Text.Json;
using FsCheck;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Protocol;

/// <summary>Values of the protocol made from whatever a property test draws.</summary>
internal static class Arbitrary
{
    /// <summary>Characters that mean something to a JSON reader.</summary>
    private const string Telling = "\"\\{}[],:0-9eE.ntfu \0\u007f";

    /// <summary>Text that UTF-8 can carry: half a surrogate pair becomes the replacement character.</summary>
    public static string Text(string? drawn) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(drawn ?? string.Empty));

    /// <summary>An id of a client message: 1 to 128 characters.</summary>
    public static string MessageId(string? drawn)
    {
        var id = new StringBuilder("i");
        foreach (var rune in Text(drawn).EnumerateRunes().Take(127))
        {
            id.Append(rune);
        }

        return id.ToString();
    }

    /// <summary>A number from 0 to the highest, spread over all magnitudes.</summary>
    public static long Seq(DoNotSize<long> drawn, byte shift) => (drawn.Item & ProtocolConstants.MaxSeq) >> (shift % 53);

    /// <summary>An object with some of everything.</summary>
    public static JsonElement Data(string? name, string? text, long number) => JsonSerializer.SerializeToElement(
        new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            [Text(name)] = new object?[] { Text(text), number, true, null, new Dictionary<string, object?>(StringComparer.Ordinal) },
        });

    /// <summary>The message with members that nobody knows, in front, in the middle and at the end.</summary>
    public static byte[] WithUnknownMembers(byte[] message, string? drawn)
    {
        var members = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(message)!.ToList();
        var result = new MemoryStream();
        using (var json = new Utf8JsonWriter(result))
        {
            json.WriteStartObject();
            json.WriteString("x_first", Text(drawn));
            foreach (var (name, value) in members)
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
                json.WriteStartArray("x_" + name);
                json.WriteStartObject();
                json.WriteNumber("type", 5);
                json.WriteNull("seq");
                json.WriteEndObject();
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return result.ToArray();
    }

    /// <summary>A message with some bytes changed, added, removed or moved: nearly right is what finds faults in a reader.</summary>
    public static byte[] Mutated(byte[] message, DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var bytes = message.ToList();
        for (var i = random.Next(1, 6); i > 0 && bytes.Count > 0; i--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.Insert(at, (byte)Telling[random.Next(Telling.Length)]);
                    break;
                case 2:
                    bytes.RemoveAt(at);
                    break;
                case 3:
                    bytes.InsertRange(at, "\\ud800"u8);
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }
}
