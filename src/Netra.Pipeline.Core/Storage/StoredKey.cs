using Netra.Pipeline.Events;

namespace Netra.Pipeline.Storage;

/// <summary>What is stored under an idempotency key: the first event's content and receipt.</summary>
/// <param name="Content">The hash of what was published.</param>
/// <param name="StreamId">The event's stream.</param>
/// <param name="Seq">The event's number.</param>
/// <param name="Status">Where it stood when its publisher got the receipt.</param>
public sealed record StoredKey(UInt128 Content, ulong StreamId, long Seq, EventStatus Status);
