using System.Text.Json;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>Why something failed.</summary>
/// <param name="Code">A code; the application's own, or one of docs/protocol.md, section 8.</param>
/// <param name="Message">In words.</param>
public sealed record EventError(string Code, string Message)
{
    internal static EventError? Read(EventMessage message)
    {
        if (EventData.Member(message, "error") is not { } error)
        {
            return null;
        }

        return error.ValueKind == JsonValueKind.Object
            && error.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.String
            && error.TryGetProperty("message", out var text) && text.ValueKind == JsonValueKind.String
                ? new EventError(code.GetString()!, text.GetString()!)
                : throw EventData.Missing(message, "error");
    }
}
