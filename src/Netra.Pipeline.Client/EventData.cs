using System.Text.Json;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>Reads the members of an event's payload.</summary>
internal static class EventData
{
    /// <summary>A member of any type; null where it is absent or null.</summary>
    public static JsonElement? Member(EventMessage message, string name)
        => message.Data.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? member : null;

    /// <summary>A member that must be there, and may be any JSON, null too.</summary>
    public static JsonElement Any(EventMessage message, string name)
        => message.Data.TryGetProperty(name, out var member) ? member : throw Missing(message, name);

    public static string Text(EventMessage message, string name) => TextOrNull(message, name) ?? throw Missing(message, name);

    public static string? TextOrNull(EventMessage message, string name)
    {
        if (Member(message, name) is not { } member)
        {
            return null;
        }

        return member.ValueKind == JsonValueKind.String ? member.GetString() : throw Missing(message, name);
    }

    /// <summary>A time; one that is longer than a <see cref="TimeSpan"/> can be, which publishers may say, is the longest.</summary>
    public static TimeSpan? Milliseconds(EventMessage message, string name)
    {
        if (Member(message, name) is not { } member)
        {
            return null;
        }

        return member.ValueKind != JsonValueKind.Number || !(member.GetDouble() is >= 0 and var value) ? throw Missing(message, name)
            : value < TimeSpan.MaxValue.TotalMilliseconds ? TimeSpan.FromMilliseconds(value)
            : TimeSpan.MaxValue;
    }

    public static IReadOnlyList<string> Texts(EventMessage message, string name)
    {
        if (Member(message, name) is not { } member)
        {
            return [];
        }

        return member.ValueKind == JsonValueKind.Array && member.EnumerateArray().All(static e => e.ValueKind == JsonValueKind.String)
            ? [.. member.EnumerateArray().Select(static e => e.GetString()!)]
            : throw Missing(message, name);
    }

    public static ProtocolViolationException Missing(EventMessage message, string name)
        => new($"'{message.Type}' has no valid '{name}' in its data");
}
