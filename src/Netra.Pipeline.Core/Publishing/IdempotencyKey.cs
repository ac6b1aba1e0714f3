using System.Text;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Publishing;

/// <summary>The key under which a publisher publishes an event (docs/protocol.md, section 9.2).</summary>
internal static class IdempotencyKey
{
    private const int MaxBytes = 256;

    /// <summary>The key of an event, from its member or from the request's header.</summary>
    /// <param name="request">The event.</param>
    /// <param name="source">The request.</param>
    /// <param name="scope">Whose event it is, for the failure.</param>
    /// <returns>The key; null when it has none.</returns>
    /// <exception cref="SendFailureException">It is not valid, or the two do not agree (<c>invalid_event</c>).</exception>
    public static string? Of(in PublishRequest request, PublishSource source, in FailureScope scope)
    {
        var key = request.IdempotencyKey;
        if (source.HeaderKey.Count > 0)
        {
            var header = source.HeaderKey.Count == 1 ? source.HeaderKey[0] : null;
            if (header is null || (key is not null && key != header))
            {
                throw SendFailureException.InvalidEvent(scope, PublishSource.KeyHeader, "must occur once, and agree with idempotency_key");
            }

            key = header;
        }

        return key is null || Encoding.UTF8.GetByteCount(key) is > 0 and <= MaxBytes
            ? key
            : throw SendFailureException.InvalidEvent(scope, "idempotency_key", $"must have 1 to {MaxBytes} bytes of UTF-8");
    }
}
