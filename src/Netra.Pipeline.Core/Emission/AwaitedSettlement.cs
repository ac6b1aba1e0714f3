using System.Diagnostics;

namespace Netra.Pipeline.Emission;

/// <summary>A terminal event whose acknowledgement a trace waits for.</summary>
/// <param name="Seq">Its number.</param>
/// <param name="Creation">The trace context in its envelope.</param>
/// <param name="AcceptedAt">When it was accepted.</param>
/// <param name="RunId">Its run.</param>
/// <param name="ThreadId">Its thread.</param>
internal sealed record AwaitedSettlement(long Seq, ActivityContext Creation, DateTimeOffset AcceptedAt, string RunId, string ThreadId);
