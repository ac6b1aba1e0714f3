using System.Text.Json;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Publishing;

/// <summary>What publishers are answered (docs/protocol.md, section 9).</summary>
internal static class ReceiptJson
{
    /// <summary>The receipt of a stored event. Its bytes depend on nothing but id, number and status, so that a duplicate gets the same ones.</summary>
    public static void Write(Utf8JsonWriter json, in PublishOutcome receipt)
    {
        json.WriteStartObject();
        if (receipt.Lease is { } lease)
        {
            json.WriteString("status"u8, "renewed"u8);
            json.WriteNumber("lease_ms"u8, (long)lease.TotalMilliseconds);
            json.WriteEndObject();
            return;
        }

        json.WriteString("id"u8, receipt.Id);
        json.WriteNumber("seq"u8, receipt.Seq);
        json.WriteString("status"u8, StatusOf(receipt.Status));
        if (receipt.Status == EventStatus.Lagging)
        {
            json.WriteString("warning"u8, FailureCodes.WireName(FailureCode.BufferOverflow));
        }

        json.WriteEndObject();
    }

    /// <summary>The answer to a line without a receipt.</summary>
    public static void Write(Utf8JsonWriter json, PublishRejection rejection)
    {
        json.WriteStartObject();
        json.WriteString("status"u8, "rejected"u8);
        json.WriteString("code"u8, FailureCodes.WireName(rejection.Code));
        json.WriteString("message"u8, rejection.Message);
        foreach (var (name, number) in rejection.Numbers)
        {
            json.WriteNumber(name, number);
        }

        json.WriteEndObject();
    }

    private static ReadOnlySpan<byte> StatusOf(EventStatus status) => status switch
    {
        EventStatus.Queued => "queued"u8,
        EventStatus.Lagging => "lagging"u8,
        EventStatus.Pending => "stored"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "not a defined status"),
    };
}
