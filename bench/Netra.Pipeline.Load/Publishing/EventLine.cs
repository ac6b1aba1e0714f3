using System.Buffers.Text;

namespace Netra.Pipeline.Load.Publishing;

/// <summary>Writes an event as <c>POST /v1/events</c> takes it.</summary>
internal static class EventLine
{
    /// <summary>No line is longer, in bytes.</summary>
    public const int MaxLength = 2_048;

    private static ReadOnlySpan<byte> Head => "{\"user_id\":\""u8;

    /// <summary>Writes one, without an end of line.</summary>
    /// <param name="target">Where to: at least <see cref="MaxLength"/> bytes.</param>
    /// <param name="line">The event.</param>
    /// <param name="runId">Its run.</param>
    /// <param name="hasKey">Whether it has an idempotency key.</param>
    /// <returns>How many bytes were written.</returns>
    public static int Write(Span<byte> target, in PublishedLine line, ReadOnlySpan<byte> runId, bool hasKey)
    {
        var at = 0;
        Append(target, ref at, Head);
        Append(target, ref at, line.Stream.UserJson);
        Append(target, ref at, "\",\"thread_id\":\"t1\",\"run_id\":\""u8);
        Append(target, ref at, runId);
        if (hasKey)
        {
            Append(target, ref at, "\",\"idempotency_key\":\""u8);
            Append(target, ref at, line.Stream.Name);
            Append(target, ref at, "-"u8);
            Utf8Formatter.TryFormat(line.Place, target[at..], out var digits);
            at += digits;
        }

        Append(target, ref at, line.Kind switch
        {
            PublishedKind.Started => "\",\"type\":\"agent_started\",\"data\":{\"agent_name\":\"load\",\"metadata\":{\"text\":\""u8,
            PublishedKind.Token => "\",\"type\":\"token\",\"data\":{\"delta\":\""u8,
            PublishedKind.Completed => "\",\"type\":\"agent_completed\",\"data\":{\"agent_name\":\"load\",\"metadata\":{\"text\":\""u8,
            _ => throw new ArgumentOutOfRangeException(nameof(line), line.Kind, "no such event"),
        });
        EventText.Write(target[at..], line.Stream.Name, line.Place, line.Due);
        at += EventText.Length;
        Append(target, ref at, line.Kind == PublishedKind.Token ? "\"}}"u8 : "\"}}}"u8);
        return at;
    }

    private static void Append(Span<byte> target, ref int at, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(target[at..]);
        at += bytes.Length;
    }
}
