using System.Text.Json.Nodes;

namespace Netra.Pipeline.Server.Demo.Tools;

/// <summary>Reads a tool's arguments, and says which one is missing or of the wrong kind. Pure functions.</summary>
internal static class ToolArguments
{
    public static string Text(JsonObject arguments, string name) =>
        OptionalText(arguments, name) is { Length: > 0 } text
            ? text
            : throw new ToolInputException($"The argument '{name}' is missing or empty.");

    public static string? OptionalText(JsonObject arguments, string name) => arguments[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text.Trim(),
        _ => throw new ToolInputException($"The argument '{name}' must be text."),
    };

    public static int? OptionalNumber(JsonObject arguments, string name) => arguments[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue<int>(out var number) => number,
        _ => throw new ToolInputException($"The argument '{name}' must be a whole number."),
    };
}
