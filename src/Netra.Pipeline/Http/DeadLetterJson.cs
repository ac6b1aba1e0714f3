using System.Text.Json;
using Netra.Pipeline.Log;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Http;

/// <summary>A dead letter as operators see it (docs/protocol.md, section 9.5).</summary>
internal static class DeadLetterJson
{
    private const string NoWebhook = "off";

    /// <summary>Writes the members of a dead letter.</summary>
    /// <param name="json">Takes them; within an object.</param>
    /// <param name="letter">The dead letter.</param>
    /// <param name="hasWebhook">Whether there is a webhook to take it.</param>
    public static void WriteMembers(Utf8JsonWriter json, DeadLetter letter, bool hasWebhook)
    {
        json.WriteNumber("dead_letter_id"u8, letter.Number);
        json.WriteString("event_id"u8, EventDraft.IdOf(EventDraft.KeyOf(letter.StreamId), letter.Seq));
        json.WriteString("user_id"u8, letter.UserId);
        json.WriteNumber("seq"u8, letter.Seq);
        json.WriteString("cause"u8, AccountNames.Of(letter.Cause));
        json.WriteNumber("attempts"u8, letter.Attempts);
        json.WriteNumber("dead_at"u8, JsonAnswer.Seconds(letter.At));
        json.WriteString("state"u8, AccountNames.Of(letter.State));
        if (letter.ReplayedAs is { } replayedAs)
        {
            json.WriteString("replayed_as"u8, replayedAs);
        }

        json.WriteString("webhook"u8, hasWebhook || letter.Webhook != WebhookState.Waiting ? AccountNames.Of(letter.Webhook) : NoWebhook);
        json.WritePropertyName("event"u8);
        json.WriteRawValue(EventEnvelope.JsonOf(letter.Buffer).Span, skipInputValidation: true);
    }
}
