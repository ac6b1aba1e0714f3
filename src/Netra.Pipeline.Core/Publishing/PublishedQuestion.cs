using System.Text.Json;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Publishing;

/// <summary>Reads what a publisher asks: the data of <c>run_waiting</c>, whose members have been checked one by one.</summary>
internal static class PublishedQuestion
{
    /// <summary>Reads a question.</summary>
    /// <param name="data">The data of the event.</param>
    /// <param name="scope">Whose event it is, for the failure.</param>
    /// <exception cref="SendFailureException">Its options do not fit its kind (<c>invalid_event</c>).</exception>
    public static LogQuestion Read(ReadOnlyMemory<byte> data, in FailureScope scope)
    {
        using var document = JsonDocument.Parse(data, new JsonDocumentOptions { MaxDepth = ProtocolConstants.MaxDepth });
        var members = document.RootElement;
        if (!RequestKinds.TryParse(members.GetProperty("kind").GetString(), out var kind))
        {
            throw SendFailureException.InvalidEvent(scope, "data.kind", "must be approval, choice, text or external");
        }

        return new LogQuestion(members.GetProperty("request_id").GetString()!, kind, members.GetProperty("prompt").GetString()!)
        {
            Options = OptionsOf(kind, members, scope),
            Until = Present(members, "until") is { } until ? DateTimeOffset.UnixEpoch.AddSeconds(until.GetDouble()) : null,
            CallId = Present(members, "call_id")?.GetString(),
        };
    }

    private static string[] OptionsOf(RequestKind kind, JsonElement members, in FailureScope scope)
    {
        const string Member = "data.options";
        var given = Present(members, "options");
        if (kind != RequestKind.Choice)
        {
            return given is null
                ? []
                : throw SendFailureException.InvalidEvent(
                    scope, Member, $"belongs to choice, and the kind is {RequestKinds.WireName(kind)}");
        }

        if (given is not { } options || options.EnumerateArray().Any(static option => option.ValueKind != JsonValueKind.String))
        {
            throw SendFailureException.InvalidEvent(scope, Member, "must be an array of texts where the kind is choice");
        }

        string[] texts = [.. options.EnumerateArray().Select(static option => option.GetString()!)];
        return RunQuestion.ProblemOf(texts) is { } problem ? throw SendFailureException.InvalidEvent(scope, Member, problem) : texts;
    }

    private static JsonElement? Present(JsonElement members, string name)
        => members.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
