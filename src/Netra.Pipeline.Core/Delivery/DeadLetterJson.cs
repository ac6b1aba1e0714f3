using System.Text.Json;
using Netra.Pipeline.Events;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Delivery;

/// <summary>A dead letter as JSON (docs/protocol.md, section 9.5). Pure.</summary>
internal static class DeadLetterJson
{
    /// <summary>Writes the members of a dead letter into an object that is open.</summary>
    /// <param name="json">The object.</param>
    /// <param name="letter">The dead letter.</param>
    /// <param name="hasWebhook">Whether a webhook is configured.</param>
    public static void WriteMembers(Utf8JsonWriter json, DeadLetter letter, bool hasWebhook)
    {
        json.WriteNumber("dead_letter_id"u8, letter.Number);
        json.WriteString("event_id"u8, EventDraft.IdOf(EventDraft.KeyOf(letter.StreamId), letter.Seq));
        UserKey.Write(json, letter.UserId);
        json.WriteNumber("seq"u8, letter.Seq);
        json.WriteString("cause"u8, NameOf(letter.Cause));
        json.WriteNumber("attempts"u8, letter.Attempts);
        json.WriteNumber("dead_at"u8, SecondsOf(letter.At));
        json.WriteString("state"u8, NameOf(letter.State));
        if (letter.ReplayedAs is { } replayedAs)
        {
            json.WriteString("replayed_as"u8, replayedAs);
        }

        json.WriteString("webhook"u8, hasWebhook ? NameOf(letter.Webhook) : "off");
        json.WritePropertyName("event"u8);
        json.WriteRawValue(letter.Buffer.AsSpan(OwnerTag.Length), skipInputValidation: true);
    }

    /// <summary>A time as it is on the wire.</summary>
    public static double SecondsOf(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).TotalSeconds;

    public static string NameOf(DeadLetterCause cause) => cause switch
    {
        DeadLetterCause.Unconfirmed => "unconfirmed",
        DeadLetterCause.Expired => "expired",
        _ => throw new ArgumentOutOfRangeException(nameof(cause), cause, "The cause has no name."),
    };

    public static string NameOf(DeadLetterState state) => state switch
    {
        DeadLetterState.Waiting => "waiting",
        DeadLetterState.Replayed => "replayed",
        DeadLetterState.Dropped => "dropped",
        DeadLetterState.Acknowledged => "acknowledged",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "The state has no name."),
    };

    public static string NameOf(WebhookState state) => state switch
    {
        WebhookState.Waiting => "waiting",
        WebhookState.Delivered => "delivered",
        WebhookState.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "The state has no name."),
    };
}
