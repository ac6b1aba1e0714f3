using System.Text.Json;

namespace Netra.Pipeline.Alerting;

/// <summary>The names of alerting's enum values on the wire and in files (docs/protocol.md, section 11.1): snake_case.</summary>
internal static class AlertNames
{
    public static string Of<T>(T value)
        where T : struct, Enum
        => Enum.IsDefined(value)
            ? JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString())
            : throw new ArgumentOutOfRangeException(nameof(value), value, "not a defined value");

    /// <summary>All names, for messages.</summary>
    public static string AllOf<T>()
        where T : struct, Enum
        => string.Join(", ", Enum.GetValues<T>().Select(Of));
}
