using System.Text.Json;

namespace Netra.Pipeline.Protocol;

/// <summary>The wire names of <see cref="RequestKind"/>, and which answers each takes.</summary>
public static class RequestKinds
{
    /// <summary>The name of <paramref name="kind"/> on the wire, such as <c>approval</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="kind"/> is not a defined value.</exception>
    public static string WireName(RequestKind kind) => kind switch
    {
        RequestKind.Approval => "approval",
        RequestKind.Choice => "choice",
        RequestKind.Text => "text",
        RequestKind.External => "external",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a defined kind"),
    };

    /// <summary>Finds the kind with a wire name. Names are case-sensitive; <see langword="null"/> is not a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="kind">The kind, when the result is <see langword="true"/>.</param>
    /// <returns>Whether the name is known.</returns>
    public static bool TryParse(string? name, out RequestKind kind)
    {
        foreach (var candidate in Enum.GetValues<RequestKind>())
        {
            if (name == WireName(candidate))
            {
                kind = candidate;
                return true;
            }
        }

        kind = default;
        return false;
    }

    /// <summary>What is wrong with a value as an answer, for people; <see langword="null"/> when it is one.</summary>
    /// <param name="kind">What was asked for.</param>
    /// <param name="options">What may be chosen; for <see cref="RequestKind.Choice"/> only.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="kind"/> is not a defined value.</exception>
    public static string? ProblemOf(RequestKind kind, IReadOnlyList<string> options, JsonElement value) => kind switch
    {
        RequestKind.Approval => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : "must be true or false",
        RequestKind.Choice => value.ValueKind == JsonValueKind.String && options.Contains(value.GetString()!, StringComparer.Ordinal)
            ? null
            : $"must be one of {string.Join(", ", options)}",
        RequestKind.Text => value.ValueKind == JsonValueKind.String ? null : "must be a text",
        RequestKind.External => value.ValueKind == JsonValueKind.Undefined ? "is missing" : null,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a defined kind"),
    };
}
