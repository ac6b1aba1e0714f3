using System.Text.Json;

namespace Netra.Pipeline.Client.Publishing;

/// <summary>Reads what a published line is answered (docs/protocol.md, section 9.1).</summary>
internal static class PublishAnswers
{
    /// <summary>Refusals that pass: the line is sent again.</summary>
    public static bool IsForNow(string code) => code is "log_full" or "log_failed" or "overflow_timeout" or "not_initialized"
        or "bridge_unavailable" or "draining" or "send_failed" or "rate_limited" or "authentication_unavailable";

    /// <summary>Reads a line.</summary>
    /// <returns>What it is; null members where it is something else.</returns>
    /// <exception cref="IOException">It is nothing that a server answers.</exception>
    public static PublishAnswer Read(ReadOnlySpan<byte> utf8)
    {
        try
        {
            var json = JsonElement.Parse(utf8);
            if (json.TryGetProperty("command", out _))
            {
                return new PublishAnswer(json, null, null, null);
            }

            var status = json.GetProperty("status").GetString();
            return status == "rejected"
                ? new PublishAnswer(null, null, json.GetProperty("code").GetString(), json.GetProperty("message").GetString())
                : new PublishAnswer(null, Receipt(json, status), null, null);
        }
        catch (Exception exception)
            when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new IOException("The server has answered what is no receipt.", exception);
        }
    }

    private static PublishReceipt Receipt(JsonElement json, string? name)
    {
        var status = name switch
        {
            "queued" => PublishStatus.Queued,
            "stored" => PublishStatus.Stored,
            "lagging" => PublishStatus.Lagging,
            "renewed" => PublishStatus.Renewed,
            "waiting" => PublishStatus.Waiting,
            "answered" => PublishStatus.Answered,
            "acknowledged" => PublishStatus.Acknowledged,
            _ => throw new FormatException($"'{name}' is no status"),
        };
        var hasSeq = json.TryGetProperty("seq", out var seq);
        return new PublishReceipt(
            status, json.TryGetProperty("id", out var id) ? id.GetString() : null, hasSeq ? seq.GetInt64() : 0)
        {
            Lease = json.TryGetProperty("lease_ms", out var lease) ? TimeSpan.FromMilliseconds(lease.GetDouble()) : null,
            Answer = json.TryGetProperty("value", out var value) ? value : null,
            AnsweredBy = json.TryGetProperty("by", out var by) ? by.GetString() : null,
        };
    }
}

/// <summary>A line of an answer: a command, a receipt, or a refusal.</summary>
internal readonly record struct PublishAnswer(JsonElement? Command, PublishReceipt? Receipt, string? Code, string? Message);
