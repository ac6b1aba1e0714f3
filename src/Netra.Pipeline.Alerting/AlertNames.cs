using System.Text.Json;

namespace Netra.Pipeline.Alerting;

/// <summary>The names on the wire and in files (docs/protocol.md, section 11.1) of alerting's closed lists: those of the values, in snake_case.</summary>
internal static class AlertNames
{
    public static string Of<T>(T value)
        where T : struct, Enum
        => Enum.IsDefined(value) ? JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()) : throw new ArgumentOutOfRangeException(nameof(value), value, "not a defined value");

    public static bool TryParse<T>(string name, out T value)
        where T : struct, Enum
    {
        foreach (var candidate in Enum.GetValues<T>())
        {
            if (Of(candidate) == name)
            {
                value = candidate;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>All names, for messages.</summary>
    public static string AllOf<T>()
        where T : struct, Enum
        => string.Join(", ", Enum.GetValues<T>().Select(Of));
}
